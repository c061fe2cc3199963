//! Methods that exist on development chains only: faults that a localnet's validators are tried with.

use heddle_types::ValidatorIndex;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::limits;
use crate::number;
use crate::params::ParamError;
use crate::params::Params;
use crate::params::found;
use crate::request::Request;

/// `dev_setLinks`: replaces the faults of all links from this node to its peers. They last until the node ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SetLinks {
    /// The links that have a fault; those of peers that are not named have none.
    pub links: Vec<LinkSetting>,
}

/// The fault of one link: of what this node sends to that peer, and of nothing that it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkSetting {
    /// The peer.
    #[serde(with = "number")]
    pub peer: ValidatorIndex,
    /// Whether everything is lost.
    pub cut: bool,
    /// How much later datagrams leave, in milliseconds, up to [`limits::LINK_MS_MAX`].
    pub delay_ms: u64,
    /// How much later still at most, by chance, in milliseconds, up to [`limits::LINK_MS_MAX`].
    pub jitter_ms: u64,
    /// How many of a hundred datagrams are lost, by chance.
    pub loss_percent: u8,
}

impl Request for SetLinks {
    const METHOD: &'static str = "dev_setLinks";
    type Reply = Vec<LinkSetting>;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        const EXPECTED: &str = "an array of links";
        let links = match params.take("links") {
            Some(Value::Array(links)) => links,
            Some(other) => return Err(ParamError::new("links", found(&other), EXPECTED)),
            None => return Err(ParamError::new("links", "nothing", EXPECTED)),
        };
        if links.len() > heddle_types::limits::VALIDATORS_MAX {
            let count = format!("{} links", links.len());
            return Err(ParamError::new("links", count, "one for each peer at most"));
        }
        params.finish("links")?;
        Ok(Self { links: links.into_iter().map(LinkSetting::read).collect::<Result<_, _>>()? })
    }
}

impl LinkSetting {
    fn read(link: Value) -> Result<Self, ParamError> {
        let mut params = Params::new(Some(link))?;
        let link = Self {
            peer: params.number("peer")?,
            cut: params.optional_flag("cut")?.unwrap_or_default(),
            delay_ms: params.optional_integer("delayMs", limits::LINK_MS_MAX)?.unwrap_or_default(),
            jitter_ms: params
                .optional_integer("jitterMs", limits::LINK_MS_MAX)?
                .unwrap_or_default(),
            loss_percent: params
                .optional_integer("lossPercent", 100)?
                .and_then(|percent| u8::try_from(percent).ok())
                .unwrap_or_default(),
        };
        params.finish("peer, cut, delayMs, jitterMs, lossPercent")?;
        Ok(link)
    }
}

/// `dev_setClock`: makes this node's wall clock wrong by so much, until it ends. Its timers are not touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetClock {
    /// How far ahead of the system's it is, in milliseconds; behind when negative. Up to [`limits::CLOCK_MS_MAX`] either way.
    pub offset_ms: i64,
}

/// What this node's wall clock shows now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clock {
    /// In milliseconds since 1970.
    pub wall_ms: u64,
}

impl Request for SetClock {
    const METHOD: &'static str = "dev_setClock";
    type Reply = Clock;

    fn from_params(mut params: Params) -> Result<Self, ParamError> {
        let max = limits::CLOCK_MS_MAX;
        let expected = format!("an integer from -{max} to {max}");
        let offset = params.take("offsetMs").unwrap_or_default();
        params.finish("offsetMs")?;
        match offset.as_i64().filter(|offset| offset.unsigned_abs() <= max) {
            Some(offset_ms) => Ok(Self { offset_ms }),
            None => Err(ParamError::new("offsetMs", found(&offset), expected)),
        }
    }
}

#[cfg(test)]
mod tests;
