use super::*;

fn whole(text: &str) -> Result<(Found, Scanner<'_>), ScanError> {
    Scanner::whole(text)
}

#[test]
fn takes_what_serde_json_takes() {
    for text in
        ["null", " true ", "0", "-0", "1.5e-7", "[]", "{}", "[1,[2,{}],\"x\"]", r#"{"a":{"b":[]},"c":""}"#]
    {
        assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
        assert!(!whole(text).unwrap().0.odd, "{text}");
    }
}

#[test]
fn refuses_what_serde_json_refuses() {
    for text in [
        "",
        " ",
        "nul",
        "01",
        "-",
        "1.",
        "1e",
        "[1,]",
        "[",
        "]",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\n\"",
        "\"",
        "1 2",
        "[1}",
        "{\"a\":1]",
        "-NaN",
        "\u{feff}1",
        "'a'",
    ] {
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        assert!(whole(text).is_err(), "{text}");
    }
}

#[test]
fn b08_oddities_are_counted_by_kind() {
    let text = r#"[NaN, -Infinity, Infinity, 1e400, 1180591620717411303424, 18446744073709551615, "\ud83d\ude00",
                  "\ud800", "\udc00\ud800", "\ud800\ud83d\ude00", -9223372036854775808, -9223372036854775809]"#;
    let (found, scanner) = whole(text).unwrap();
    assert!(found.odd);
    assert_eq!(scanner.oddities, Oddities { non_finite: 4, big_integers: 2, lone_surrogates: 4 });
}

#[test]
fn b08_small_and_large_floats_are_ordinary_until_an_f64_cannot_hold_them() {
    for (text, non_finite) in [
        ("1e-100".to_owned(), 0),
        ("1.5e+0300".to_owned(), 0),
        (format!("0.{}", "0".repeat(400)), 0),
        (format!("{}e99", "9".repeat(250)), 1),
        ("1e309".to_owned(), 1),
        (format!("{}.0", "9".repeat(310)), 1),
    ] {
        assert_eq!(whole(&text).unwrap().1.oddities.non_finite, non_finite, "{text}");
    }
}

#[test]
fn depth_and_keys_are_counted_without_a_stack() {
    let text = format!("{}1{}", "{\"a\":[".repeat(50_000), "]}".repeat(50_000));
    let (_, scanner) = whole(&text).unwrap();
    assert_eq!((scanner.depth, scanner.keys), (100_000, 50_000));
}

#[test]
fn members_give_keys_values_and_their_own_oddity() {
    let text = r#" { "a" : [1, {"b": 2}] , "c": {"d": NaN}, "e": "x" } "#;
    let mut scanner = Scanner::new(text);
    let mut seen = Vec::new();
    scanner
        .members(|s, key| {
            let found = s.value()?;
            seen.push((&text[key.range], &text[found.range], found.odd));
            Ok(())
        })
        .unwrap();
    scanner.end().unwrap();
    assert_eq!(
        seen,
        [("a", r#"[1, {"b": 2}]"#, false), ("c", r#"{"d": NaN}"#, true), ("e", r#""x""#, false)]
    );
    assert_eq!((scanner.depth, scanner.keys), (3, 5));
}
