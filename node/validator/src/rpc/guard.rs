//! Who may talk to the server: the defence of a node on loopback against web pages in its user's browser.
//!
//! A page of a foreign site carries its `Origin`; one that had its own name resolved to 127.0.0.1 carries that name as
//! `Host`. Both are refused before anything else is looked at.

use hyper::HeaderMap;
use hyper::Uri;
use hyper::header::HOST;
use hyper::header::HeaderName;
use hyper::header::ORIGIN;

const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The names that `Host` and `Origin` may have.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    listed: Vec<String>,
}

/// Why a request is refused with 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// Missing, twice, or not allowed.
    #[error("Host: expected a loopback name or one listed in the configuration")]
    Host,
    /// Foreign, `null`, or twice.
    #[error("Origin: expected none, or one of a loopback name or one listed in the configuration")]
    Origin,
}

impl Guard {
    /// Allows loopback names, and `listed` ones; ports do not matter.
    pub(super) fn new(listed: &[String]) -> Self {
        Self { listed: listed.iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// Checks a request's `Host`, its target's authority if it has one, and its `Origin`.
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
        let host = single(headers, &HOST).ok_or(Refused::Host)?;
        let target = uri.authority().map_or(host, |authority| authority.as_str());
        if !self.allows(host) || !self.allows(target) {
            return Err(Refused::Host);
        }
        if !headers.contains_key(ORIGIN) {
            return Ok(());
        }
        let origin = single(headers, &ORIGIN).and_then(|origin| {
            origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
        });
        if origin.is_some_and(|name| self.allows(name)) { Ok(()) } else { Err(Refused::Origin) }
    }

    fn allows(&self, authority: &str) -> bool {
        let authority = authority.to_ascii_lowercase();
        let Some(name) = without_port(&authority) else { return false };
        LOOPBACK.contains(&name)
            || self.listed.iter().any(|listed| *listed == name || *listed == authority)
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn without_port(authority: &str) -> Option<&str> {
    // The colons of an IPv6 address stand in brackets.
    let name_end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (name, port) = authority.split_at(name_end);
    let port_good = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
    port_good.then_some(name)
}
