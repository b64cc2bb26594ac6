//! The grammar of a transport URL, step by step as oslo.messaging and then kombu read it.

use super::error::TransportUrlError;
use super::scheme::{Scheme, SchemeAliases};
use super::{TransportUrl, host, percent, query};

pub(super) fn parse(text: &str, aliases: &SchemeAliases) -> Result<TransportUrl, TransportUrlError> {
    // What `urlsplit` takes away before it looks.
    let text: String = text
        .trim_start_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\r' | '\n'))
        .collect();
    if text.is_empty() {
        return Err(TransportUrlError::Empty);
    }
    let (scheme, rest) = split_scheme(&text, aliases)?;
    let (netloc, tail) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None if rest.is_empty() || rest.starts_with(['/', '?', '#']) => ("", rest),
        None => return Err(TransportUrlError::MissingSlashes),
    };
    let (tail, fragment) = tail.split_once('#').unwrap_or((tail, ""));
    let (path, query_text) = tail.split_once('?').unwrap_or((tail, ""));
    refuse_cut_password(netloc, path, query_text, fragment)?;
    if !fragment.is_empty() {
        tracing::warn!(
            "a transport URL's part from `#` on is not used, as in Python; write a plain # as %23"
        );
    }
    let hosts = parse_hosts(netloc)?;
    let virtual_host = match path.strip_prefix('/') {
        Some(path) => opened_virtual_host(path)?,
        None => "/".to_owned(),
    };
    TransportUrl::from_parts(scheme, hosts, virtual_host)?.with_query(query::parse(query_text)?)
}

fn split_scheme<'a>(text: &'a str, aliases: &SchemeAliases) -> Result<(Scheme, &'a str), TransportUrlError> {
    let (name, rest) = text.split_once(':').ok_or(TransportUrlError::NoScheme)?;
    if let Some(scheme) = aliases.get(name) {
        return Ok((Scheme::resolve(scheme)?, rest));
    }
    let is_scheme = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme {
        return Err(TransportUrlError::NoScheme);
    }
    Ok((Scheme::resolve(&name.to_ascii_lowercase())?, rest))
}

/// An unescaped delimiter in a password moves its end out of the netloc; going on would print it as a virtual host
/// or an option's name, and log in somewhere else as `guest`.
fn refuse_cut_password(
    netloc: &str,
    path: &str,
    query: &str,
    fragment: &str,
) -> Result<(), TransportUrlError> {
    if netloc.contains('@') {
        return Ok(());
    }
    let before_at = path.split('@').next().unwrap_or_default();
    let delimiter = if path.contains('@') && (netloc.contains(':') || before_at.contains(':')) {
        '/'
    } else if query.contains('@') {
        '?'
    } else if fragment.contains('@') {
        '#'
    } else {
        return Ok(());
    };
    Err(TransportUrlError::CutPassword { delimiter })
}

fn parse_hosts(netloc: &str) -> Result<Vec<host::HostSpec>, TransportUrlError> {
    let mut hosts = Vec::new();
    let mut with_credentials = 0;
    for text in netloc.split(',').filter(|text| !text.is_empty()) {
        let parsed = host::parse(text, hosts.len() + 1)?;
        with_credentials += usize::from(parsed.has_credentials);
        hosts.push(parsed.spec);
    }
    if with_credentials != 0 && with_credentials != hosts.len() {
        tracing::warn!(
            "{} of the {} hosts of the transport URL have no user and password of their own and get guest's",
            hosts.len() - with_credentials,
            hosts.len()
        );
    }
    Ok(hosts)
}

/// The virtual host that Python opens: oslo.messaging decodes once; kombu gets the result inside another URL, where
/// `;`, `#` and `?` end it, and decodes again; nothing at all is `/`.
fn opened_virtual_host(path: &str) -> Result<String, TransportUrlError> {
    let decode = |text: &str| {
        percent::decode(text)
            .map_err(|percent::NotUtf8| TransportUrlError::NotUtf8 { part: "the virtual host" })
    };
    let once = decode(path)?.replace(['\t', '\r', '\n'], "");
    let kept = once.split([';', '#', '?']).next().unwrap_or_default();
    if kept.len() != once.len() {
        tracing::warn!(
            "the virtual host of the transport URL ends at its `;`, `#` or `?`, as in Python: to mean the character \
             itself, write it encoded twice (%253B, %2523, %253F)"
        );
    }
    let twice = decode(kept)?;
    Ok(if twice.is_empty() { "/".to_owned() } else { twice })
}
