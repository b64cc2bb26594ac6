//! The duration literal of attributes: a number and one of `ms`, `s`, `m`, `h`.

/// Reads a duration as milliseconds.
pub(crate) fn parse_millis(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// The same duration for a reader: the largest unit that divides it.
pub(crate) fn describe(millis: u64) -> String {
    match millis {
        m if m % 3_600_000 == 0 => format!("{} h", m / 3_600_000),
        m if m % 60_000 == 0 => format!("{} min", m / 60_000),
        m if m % 1_000 == 0 => format!("{} s", m / 1_000),
        m => format!("{m} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_read() {
        for (text, millis) in
            [("500ms", 500), ("30s", 30_000), ("10m", 600_000), ("2h", 7_200_000), ("0s", 0)]
        {
            assert_eq!(parse_millis(text), Some(millis), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "10",
            "s",
            "10 s",
            "10 minutes",
            "1.5s",
            "-1s",
            "1d",
            "99999999999999999999s",
            "9999999999999999999h",
        ] {
            assert_eq!(parse_millis(text), None, "{text}");
        }
    }

    #[test]
    fn descriptions_use_the_largest_exact_unit() {
        for (millis, text) in [(60_000, "1 min"), (90_000, "90 s"), (1_500, "1500 ms"), (3_600_000, "1 h")] {
            assert_eq!(describe(millis), text);
        }
    }
}
