//! Connections without heartbeats.
//!
//! lapin takes a heartbeat of 0 for "as the broker proposes", and no other value of it means "none". So the broker's
//! proposal (`connection.tune`) is read as 0: lapin then agrees to none, and the broker, which goes by that answer, neither
//! sends any nor misses ours.

/// Type, channel and size of a frame, then class and method.
const HEAD: usize = 7 + 4;

/// Where a tune frame has its heartbeat: behind the greatest channel (2 bytes) and the greatest frame (4).
const HEARTBEAT: std::ops::Range<usize> = HEAD + 6..HEAD + 8;

/// Follows the broker's first frames, however they are cut into pieces.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    /// Position in the frame.
    at: usize,
    head: [u8; HEAD],
}

impl Handshake {
    /// Lets these bytes pass; whether the tune frame is over.
    pub(super) fn pass(&mut self, bytes: &mut [u8]) -> bool {
        for byte in bytes {
            if let Some(kept) = self.head.get_mut(self.at) {
                *kept = *byte;
            }
            if self.is_tune() && HEARTBEAT.contains(&self.at) {
                *byte = 0;
            }
            self.at += 1;
            if self.at == self.length() {
                if self.is_tune() {
                    return true;
                }
                *self = Self::default();
            }
        }
        false
    }

    /// With header and end octet; the longest possible until the header is there.
    fn length(&self) -> usize {
        let [_, _, _, s1, s2, s3, s4, ..] = self.head;
        if self.at < 7 { usize::MAX } else { u32::from_be_bytes([s1, s2, s3, s4]) as usize + 8 }
    }

    /// A method frame on channel 0 with class 10 (connection), method 30 (tune).
    fn is_tune(&self) -> bool {
        let [kind, c1, c2, _, _, _, _, method @ ..] = self.head;
        self.at >= HEAD && (kind, c1, c2, method) == (1, 0, 0, [0, 10, 0, 30])
    }
}

#[cfg(test)]
mod tests {
    use super::Handshake;

    fn frame(method: u8, arguments: &[u8]) -> Vec<u8> {
        let size = u32::try_from(arguments.len() + 4).unwrap();
        let mut frame = [&[1, 0, 0][..], &size.to_be_bytes(), &[0, 10, 0, method], arguments].concat();
        frame.push(0xCE);
        frame
    }

    #[test]
    fn only_the_heartbeat_of_the_proposal_changes() {
        let start = frame(10, &[0, 9, 0, 60, 0, 60, 0, 60, 10, 30]);
        let tune = |heartbeat| frame(30, &[7, 255, 0, 2, 0, 0, 0, heartbeat]);
        let rest = tune(60);
        let sent = [&start[..], &tune(60), &rest].concat();
        let expected = [&start[..], &tune(0), &rest].concat();
        for piece in 1..=sent.len() {
            let (mut read, mut handshake) = (sent.clone(), Some(Handshake::default()));
            for bytes in read.chunks_mut(piece) {
                if handshake.as_mut().is_some_and(|handshake| handshake.pass(bytes)) {
                    handshake = None;
                }
            }
            assert_eq!(read, expected, "in pieces of {piece}");
            assert!(handshake.is_none());
        }
    }
}
