//! Where a node is.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

use crate::ClientError;

/// `http://HOST[:PORT]`, nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeUrl {
    authority: String,
    address: String,
}

impl NodeUrl {
    /// What goes into `Host`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// What to connect to.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl FromStr for NodeUrl {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, ClientError> {
        let bad = || ClientError::Url { found: text.chars().take(100).collect() };
        let uri: Uri = text.parse().map_err(|_| bad())?;
        let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/");
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        match (plain, authority) {
            (true, Some(authority)) if uri.query().is_none() => {
                let port = authority.port_u16().unwrap_or(80);
                let address = format!("{}:{port}", authority.host());
                Ok(Self { authority: authority.as_str().to_owned(), address })
            }
            (true | false, _) => Err(bad()),
        }
    }
}

impl fmt::Display for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}
