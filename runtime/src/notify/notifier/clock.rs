//! The time as Python's notifier writes it: `str(timeutils.utcnow())`.

use std::time::SystemTime;

/// `2026-11-22 04:48:58.255225`; without the fraction when it is zero, as Python's.
pub(super) fn timestamp(now: SystemTime) -> String {
    let mut text = humantime::format_rfc3339_micros(now).to_string().replace('T', " ");
    text.truncate(text.len() - 1);
    if let Some(whole) = text.strip_suffix(".000000") {
        text.truncate(whole.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn d08_the_time_is_written_as_python_writes_it() {
        let at = |micros| timestamp(UNIX_EPOCH + Duration::from_micros(micros));
        assert_eq!(at(1_795_322_938_255_225), "2026-11-22 04:48:58.255225");
        assert_eq!(at(1_795_322_938_000_000), "2026-11-22 04:48:58");
        assert_eq!(at(1_795_322_938_000_001), "2026-11-22 04:48:58.000001");
    }
}
