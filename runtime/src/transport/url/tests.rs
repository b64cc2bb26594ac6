//! What the table that is asked of Python does not cover: refusals in words, secrets, random input.

use super::*;
use proptest::prelude::*;

const MARKER: &str = "m4rk3r-pw";

fn refusal(text: &str) -> String {
    text.parse::<TransportUrl>().expect_err(text).to_string()
}

#[test]
fn says_what_is_wrong_and_where() {
    for (url, words) in [
        ("", "empty"),
        ("h", "no scheme"),
        ("//h/v", "no scheme"),
        ("rabbit:h", "`//` is missing"),
        ("zmq://h", "no driver for transport URL scheme `zmq`"),
        ("amqp://h", "kept for AMQP 1.0"),
        ("amqps://h", "kept for AMQP 1.0"),
        ("rabbits://h", "asks for TLS, which is not there yet"),
        ("rabbit://h1,h2:5671", "port 5671 asks for TLS"),
        ("rabbit://h?ssl=true", "asks for TLS"),
        ("rabbit://h?ssl=perhaps", "asks for TLS"),
        ("rabbit://h1,h2:x", "the port of host 2"),
        ("rabbit://h:65536", "the port of host 1"),
        ("rabbit://h:", "the port of host 1"),
        ("rabbit://[::1", "host 1 of the transport URL has no `]`"),
        ("rabbit://[h]", "IPv6 address in its brackets"),
        ("rabbit://[::g]", "no IPv6 address"),
        ("rabbit://[::1]x", "between its `]` and its port"),
        ("rabbit://a:b:c", "no IPv6 address"),
        ("rabbit://a b", "no host name or address has"),
        ("rabbit://u:%ff@h", "the password of the transport URL is not UTF-8"),
        ("rabbit://u:1/2@h", "after a `/` but no user"),
        ("rabbit://u:1?2@h", "after a `?` but no user"),
        ("rabbit://u:1#2@h", "after a `#` but no user"),
    ] {
        let text = refusal(url);
        assert!(text.contains(words), "{url}: {text}");
    }
    assert!(refusal(&format!("rabbit://h/{}", "v".repeat(256))).contains("256 bytes"));
}

#[test]
fn fills_in_what_python_fills_in() {
    let url: TransportUrl = "rabbit://".parse().unwrap();
    assert_eq!(url.hosts(), [HostSpec::new("localhost")]);
    assert_eq!(url.virtual_host(), "/");
    assert_eq!(url.expose(), "rabbit://guest:guest@localhost:5672/");
    let url: TransportUrl = "memory://".parse().unwrap();
    assert!(url.hosts().is_empty());
}

#[test]
fn a_slash_in_a_password_works() {
    let url: TransportUrl = "rabbit://u:p%2Fq%40r@h/v".parse().unwrap();
    assert_eq!(url.hosts()[0].password.expose(), "p/q@r");
}

#[test]
fn old_names_stand_for_schemes() {
    let aliases = SchemeAliases::new().with("nova.rpc.impl_kombu", "rabbit").with("old", "zmq");
    let parse = |text| TransportUrl::parse_with_aliases(text, &aliases).map(|url| url.scheme());
    assert_eq!(parse("nova.rpc.impl_kombu://h"), Ok(Scheme::Rabbit));
    assert_eq!(parse("NOVA.rpc.impl_kombu://h"), Ok(Scheme::Rabbit));
    assert!(matches!(parse("old://h"), Err(TransportUrlError::UnknownScheme { scheme }) if scheme == "zmq"));
}

#[test]
fn no_form_of_a_url_or_its_errors_shows_a_password() {
    let places = [
        "rabbit://u:{}@h/v",
        "rabbit://u:{}@h1,u:{}@h2/v?ssl_key_password={}&secret_word={}",
        "rabbit://:{}@h",
        "rabbit://u:{}@h:x",
        "rabbit://u:{}@h:5671",
        "rabbits://u:{}@h",
        "amqp://u:{}@h",
        "zmq://u:{}@h",
        "u:{}@h",
        "rabbit:u:{}@h",
        "rabbit://u:{}/x@h/v",
        "rabbit://u:1/{}@h/v",
        "rabbit://u:1?{}@h/v",
        "rabbit://u:1?x={}@h/v",
        "rabbit://u:1#{}@h/v",
        "rabbit://u:{},2@h/v",
        "rabbit://u:{}%ff@h/v",
        "rabbit://u/n:{}@h/v",
        "rabbit://u:{}@[h]",
        "rabbit://u:{}@h?ssl=true",
    ];
    for place in places {
        let text = place.replace("{}", MARKER);
        let shown = match text.parse::<TransportUrl>() {
            Ok(url) => {
                assert!(url.expose().contains(MARKER), "{text}");
                format!("{url} {url:?} {:?} {}", url.hosts(), url.hosts()[0])
            }
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!shown.contains(MARKER), "{text} shows {shown}");
    }
}

proptest! {
    #[test]
    fn random_text_is_parsed_or_refused(text in any::<String>(), url in "rabbit:/{0,3}[ -~é]{0,40}") {
        let _ = text.parse::<TransportUrl>();
        if let Ok(parsed) = url.parse::<TransportUrl>() {
            prop_assert_eq!(parsed.expose().parse::<TransportUrl>(), Ok(parsed));
        }
    }

    #[test]
    fn what_is_exposed_is_parsed_again(
        users in prop::collection::vec((any::<String>(), any::<String>(), "[a-z][a-z0-9.-]{0,9}", 1u16..5000), 0..4),
        virtual_host in "\\PC{0,60}",
    ) {
        let hosts = users.into_iter().filter(|(user, password, ..)| !user.is_empty() && !password.is_empty());
        let hosts = hosts.map(|(username, password, host, port)| {
            HostSpec { host, port, username, password: password.into() }
        });
        let virtual_host = if virtual_host.is_empty() { "/".to_owned() } else { virtual_host };
        let url = TransportUrl::from_parts(Scheme::Rabbit, hosts.collect(), virtual_host);
        prop_assume!(url.is_ok());
        let url = url.unwrap();
        prop_assert_eq!(url.expose().parse::<TransportUrl>(), Ok(url.clone()));
        let shown = url.to_string();
        for host in url.hosts().iter().filter(|host| host.password.expose().len() > 6) {
            prop_assert!(!shown.contains(host.password.expose()));
        }
    }
}
