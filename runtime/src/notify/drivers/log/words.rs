//! The words that announce a secret, and how a text is searched for what they announce: oslo.utils' list and forms, so
//! that both sides' logs hide the same.

use super::mask::MASK;
use regex::Regex;
use std::borrow::Cow;
use std::sync::OnceLock;

/// In lower case. Corresponds to the keys of `oslo_utils.strutils`, release 10.2.
const WORDS: [&str; 35] = [
    "adminpass",
    "admin_pass",
    "password",
    "admin_password",
    "auth_token",
    "new_pass",
    "auth_password",
    "secret_uuid",
    "secret",
    "sys_pswd",
    "token",
    "configdrive",
    "chappassword",
    "encrypted_key",
    "private_key",
    "fernetkey",
    "sslkey",
    "passphrase",
    "cephclusterfsid",
    "octaviaheartbeatkey",
    "rabbitcookie",
    "cephmanilaclientkey",
    "pacemakerremoteauthkey",
    "designaterndckey",
    "cephadminkey",
    "heatauthencryptionkey",
    "cephclientkey",
    "keystonecredential",
    "barbicansimplecryptokek",
    "cephrgwkey",
    "swifthashsuffix",
    "migrationsshkey",
    "cephmdskey",
    "cephmonkey",
    "chapsecret",
];

/// Where a secret stands, in the order in which they are tried; each works on what the one before has left.
///
/// `@` is the word with any digits behind it, `~` a blank of Python's, `^~` none of them, `Q` a quote. The groups are
/// what stays. In quotes that stand within the text, such as those of a printed dict, a secret ends at the next quote.
const FORMS: [(&str, Keep); 12] = [
    // word = "secret"
    (r#"(@[~]*=[~]*Q)[^"']*(Q)"#, Keep::Around),
    // word = "it's secret", and the other way about
    (r#"(@[~]*=[~]*")[^"]*(")"#, Keep::Around),
    (r"(@[~]*=[~]*')[^']*(')", Keep::Around),
    // word "secret"
    (r#"(@[~]+Q)[^"']*(Q)"#, Keep::Around),
    // --word secret
    (r#"(--@[~]+)[^'"=~^]+([~]*)"#, Keep::Around),
    // <word>secret</word>
    (r"(<@>)[^<]*(</@>)", Keep::Around),
    // "word": "secret"
    (r#"(Q@Q[~]*:[~]*Q)[^"']*(Q)"#, Keep::Around),
    // 'any_word': u'secret'
    (r#"(Q[^"']*@Q[~]*:[~]*u?Q)[^"']*(Q)"#, Keep::Around),
    // 'any_word', '--option', 'secret'
    (r#"(Q[^'"]*@Q[~]*,[~]*'--?[A-z]+'[~]*,[~]*u?Q)[^"']*(Q)"#, Keep::Around),
    // word --option secret
    (r"(@[~]*--?[A-z]+[~]*)[^~]+([~]*)", Keep::Around),
    // word=secret
    (r#"(@[~]*=[~]*)[^~^'"]+"#, Keep::Before),
    // Quotes within the secret: what the forms above have left of it goes, without a mask.
    (r#"(Q[^"']*@Q[~]*:[~]*u?Q.*Q)[^"']*(Q)"#, Keep::Cut),
];

/// What a found form turns into.
#[derive(Clone, Copy)]
enum Keep {
    /// Both groups with the mask between them.
    Around,
    /// The group with the mask behind it.
    Before,
    /// The first group alone.
    Cut,
}

/// Whether a value under this key is a secret.
pub(super) fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    WORDS.iter().any(|word| key.contains(word))
}

/// The text with the secrets in it hidden.
///
/// Corresponds to `oslo_utils.strutils.mask_password`.
pub(super) fn mask_text(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    let mut lower = text.to_lowercase();
    for (index, word) in WORDS.iter().enumerate() {
        if !lower.contains(word) {
            continue;
        }
        for (form, keep) in forms(index) {
            let left = match keep {
                Keep::Around => form.replace_all(&masked, format!("${{1}}{MASK}${{2}}")),
                Keep::Before => form.replace_all(&masked, format!("${{1}}{MASK}")),
                Keep::Cut => form.replace_all(&masked, "${1}"),
            };
            if let Cow::Owned(left) = left {
                masked = Cow::Owned(left);
            }
        }
        lower = masked.to_lowercase();
    }
    masked
}

/// The forms with the word at `index` in them, made when they are first needed.
fn forms(index: usize) -> &'static [(Regex, Keep)] {
    static FORMS_OF: [OnceLock<Vec<(Regex, Keep)>>; WORDS.len()] = [const { OnceLock::new() }; WORDS.len()];
    let (Some(forms), Some(word)) = (FORMS_OF.get(index), WORDS.get(index)) else { return &[] };
    forms.get_or_init(|| {
        let made = FORMS.iter().filter_map(|(form, keep)| Some((regex(form, word)?, *keep)));
        made.collect()
    })
}

/// `None` never happens: a test makes them all.
fn regex(form: &str, word: &str) -> Option<Regex> {
    // Python's blanks are Rust's and four separators of ASCII.
    let form = form.replace('@', &format!("{word}[0-9]*")).replace('Q', "[\"']").replace('~', r"\s\x1c-\x1f");
    Regex::new(&format!("(?is){form}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_every_word_can_be_made() {
        for index in 0..WORDS.len() {
            assert_eq!(forms(index).len(), FORMS.len());
        }
    }

    #[test]
    fn each_form_hides_its_secret() {
        for (text, expected) in [
            ("no secrets", "no secrets"),
            ("adminPass = 'x'", "adminPass = '***'"),
            (r#"password = "it's""#, r#"password = "***""#),
            ("token1 'x'", "token1 '***'"),
            ("cmd --auth_token x --other y", "cmd --auth_token *** --other y"),
            ("<private_key>x\ny</private_key>", "<private_key>***</private_key>"),
            (r#"{"new_pass": "x"}"#, r#"{"new_pass": "***"}"#),
            ("{'original_password': u'x'}", "{'original_password': u'***'}"),
            ("['my_token', '--opt', 'x']", "['my_token', '--opt', '***']"),
            ("sys_pswd -v x y", "sys_pswd -v *** y"),
            ("PASSPHRASE=x y", "PASSPHRASE=*** y"),
        ] {
            assert_eq!(mask_text(text), expected, "{text}");
        }
    }
}
