//! Compressed bodies as kombu writes them. The limit counts what comes out, so that a small body cannot fill the memory.

use super::Malformed;

/// How a body is compressed; the name in the header `compression` says so to the peer.
///
/// Corresponds to `kombu_compression` of `[oslo_messaging_rabbit]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// `gzip`, which kombu writes as a bare zlib stream.
    Gzip,
    /// `bzip2`.
    Bzip2,
}

impl Compression {
    /// The value of the header.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Gzip => "application/x-gzip",
            Self::Bzip2 => "application/x-bz2",
        }
    }

    /// The compression with this header.
    pub fn from_header(header: &str) -> Option<Self> {
        [Self::Gzip, Self::Bzip2].into_iter().find(|compression| compression.header() == header)
    }
}

/// Undoes what the header says was done; at most `limit` bytes come out.
pub(super) fn decompress(body: &[u8], header: &str, limit: usize) -> Result<Vec<u8>, Malformed> {
    let Some(compression) = Compression::from_header(header) else {
        let header: String = header.escape_debug().take(40).collect();
        return Err(Malformed::unanswerable(format!("compression `{header}` is not supported")));
    };
    let body =
        implementation::decompress(compression, body, (limit as u64).saturating_add(1)).map_err(|cause| {
            Malformed::unanswerable(format!(
                "the body does not decompress as {}: {cause}",
                compression.header()
            ))
        })?;
    if body.len() > limit {
        return Err(Malformed::over_limit(format!("the decompressed body is over {limit} bytes")));
    }
    Ok(body)
}

pub(super) use implementation::compress;

#[cfg(feature = "transport")]
mod implementation {
    use super::Compression;
    use std::io::{self, Read};

    /// The two bytes that begin a gzip file and no zlib stream.
    const GZIP_FILE: [u8; 2] = [0x1f, 0x8b];

    pub(super) fn decompress(compression: Compression, body: &[u8], most: u64) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        match compression {
            Compression::Gzip if body.starts_with(&GZIP_FILE) => {
                flate2::read::GzDecoder::new(body).take(most).read_to_end(&mut out)?
            }
            Compression::Gzip => flate2::read::ZlibDecoder::new(body).take(most).read_to_end(&mut out)?,
            Compression::Bzip2 => bzip2::read::BzDecoder::new(body).take(most).read_to_end(&mut out)?,
        };
        Ok(out)
    }

    /// Writes the compressed form of `plain` to the end of `body`.
    pub(in crate::wire) fn compress(
        compression: Compression,
        plain: &[u8],
        body: &mut Vec<u8>,
    ) -> io::Result<()> {
        match compression {
            Compression::Gzip => {
                flate2::read::ZlibEncoder::new(plain, flate2::Compression::default()).read_to_end(body)?
            }
            Compression::Bzip2 => {
                bzip2::read::BzEncoder::new(plain, bzip2::Compression::default()).read_to_end(body)?
            }
        };
        Ok(())
    }
}

#[cfg(not(feature = "transport"))]
mod implementation {
    use super::Compression;

    const NONE: &str = "this build has no driver and so no compression";

    pub(super) fn decompress(_: Compression, _: &[u8], _: u64) -> Result<Vec<u8>, &'static str> {
        Err(NONE)
    }

    pub(in crate::wire) fn compress(_: Compression, _: &[u8], _: &mut Vec<u8>) -> Result<(), &'static str> {
        Err(NONE)
    }
}

#[cfg(all(test, feature = "transport"))]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn b05_a_gzip_file_under_the_gzip_header_is_read() {
        let mut body = Vec::new();
        flate2::read::GzEncoder::new(&b"{}"[..], flate2::Compression::fast()).read_to_end(&mut body).unwrap();
        assert_eq!(decompress(&body, "application/x-gzip", 2).unwrap(), b"{}");
    }

    #[test]
    fn b05_the_limit_is_the_last_size_that_passes() {
        let mut body = b"before".to_vec();
        compress(Compression::Gzip, &[b'x'; 1000], &mut body).unwrap();
        let body = body.strip_prefix(b"before").unwrap().to_vec();
        assert_eq!(decompress(&body, "application/x-gzip", 1000).unwrap().len(), 1000);
        assert!(decompress(&body, "application/x-gzip", 999).unwrap_err().cause.contains("over 999 bytes"));
    }
}
