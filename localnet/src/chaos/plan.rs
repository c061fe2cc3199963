//! What is done to a cluster, and when: a list of faults that can be written down and read back.
//!
//! A plan is a JSON array of steps, or one step a line, or a document with such an array as `timeline`, which a run prints:
//!
//! ```text
//! {"at": 2000, "fault": {"kind": "kill", "validator": 2, "downMs": 1500}}
//! {"at": 8000, "fault": {"kind": "partition", "cuts": "0,1/2,3", "ms": 5000}}
//! ```

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::ChaosError;
use crate::cluster::Partition;

/// Steps of a plan.
const STEPS_MAX: usize = 10_000;
/// How long one fault may last, in milliseconds.
const FAULT_MS_MAX: u64 = 600_000;
/// How many times a validator may be restarted in one storm.
const RESTARTS_MAX: u16 = 100;
/// Bytes that may be flipped in one file.
const FLIPS_MAX: u16 = 1_000;
/// How far a clock may be wrong, in milliseconds either way.
const SKEW_MS_MAX: u64 = 3_600_000;

/// A fault and its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Milliseconds since the run began; later when the step before is not over.
    pub at: u64,
    /// What is done.
    pub fault: Fault,
}

/// What can be done to a cluster. Each is healed before it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[serde(deny_unknown_fields)]
pub enum Fault {
    /// SIGKILL, and a start after so long.
    Kill {
        /// Whose.
        validator: u16,
        /// How long it is down, in milliseconds.
        down_ms: u64,
    },
    /// SIGSTOP, and SIGCONT after so long.
    Pause {
        /// Whose.
        validator: u16,
        /// How long it stands still, in milliseconds.
        ms: u64,
    },
    /// SIGKILL and start, so many times in a row.
    Storm {
        /// Whose.
        validator: u16,
        /// How many times.
        restarts: u16,
    },
    /// SIGKILL of all at once, and a start of all after so long.
    PowerLoss {
        /// How long they are down, in milliseconds.
        down_ms: u64,
    },
    /// Cuts links, both ways or one.
    Partition {
        /// As `heddle localnet partition` takes it: `0,1/2,3` or `0>1,2`.
        cuts: String,
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Makes every link slow and lossy.
    Latency {
        /// How much later datagrams arrive, in milliseconds.
        delay_ms: u64,
        /// How much later still at most.
        jitter_ms: u64,
        /// How many of a hundred are lost.
        loss_percent: u8,
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Makes a wall clock wrong.
    Clock {
        /// Whose.
        validator: u16,
        /// How far ahead; behind when negative.
        offset_ms: i64,
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Lets no file grow further, as on a full disk, until the node has ended; then a start with room.
    DiskFull {
        /// Whose.
        validator: u16,
    },
    /// SIGKILL, flips of bits in a file of the database, a start, and the database emptied and fetched anew.
    DamageDb {
        /// Whose.
        validator: u16,
        /// Chooses file, bytes and bits.
        seed: u64,
        /// How many bytes.
        bytes: u16,
    },
    /// SIGKILL, flips of bits in the safety record, and a start: muted until it is safe.
    DamageSafety {
        /// Whose.
        validator: u16,
        /// Chooses bytes and bits.
        seed: u64,
    },
    /// SIGKILL, the database emptied, and a start: fetched anew from the others.
    EmptyDb {
        /// Whose.
        validator: u16,
    },
    /// A fault of processes while links are faulty all along.
    Under {
        /// Which links are cut, as in a partition; none when empty.
        cuts: String,
        /// How much later datagrams arrive, in milliseconds.
        delay_ms: u64,
        /// How many of a hundred are lost.
        loss_percent: u8,
        /// What is done meanwhile.
        fault: Box<Self>,
    },
}

/// Reads a plan for a cluster of so many validators, and so many nodes in all.
///
/// # Errors
/// [`ChaosError::Plan`] with the step that is wrong.
pub fn parse_plan(text: &str, (validators, nodes): (u16, u16)) -> Result<Vec<Step>, ChaosError> {
    let steps = steps(text)?;
    if steps.len() > STEPS_MAX {
        return Err(ChaosError::plan(format!("{} steps", steps.len()), "10,000 at most"));
    }
    for (number, step) in (1_u32..).zip(&steps) {
        step.fault.check(validators, nodes).map_err(|expected| {
            let found = serde_json::to_string(&step.fault).unwrap_or_default();
            ChaosError::plan(format!("step {number}, {found}"), expected)
        })?;
    }
    if !steps.is_sorted_by_key(|step| step.at) {
        return Err(ChaosError::plan("a step before the one above it", "ascending times"));
    }
    Ok(steps)
}

fn steps(text: &str) -> Result<Vec<Step>, ChaosError> {
    const EXPECTED: &str = "steps like {\"at\":0,\"fault\":{\"kind\":\"kill\",\"validator\":0,\"downMs\":1000}}, in an array or one a line";
    let wrong = |error: serde_json::Error| ChaosError::plan(error.to_string(), EXPECTED);
    let list = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(mut document)) if document.contains_key("timeline") => {
            document.remove("timeline").unwrap_or_default()
        }
        Ok(list @ Value::Array(_)) => list,
        // One line is a document too.
        Ok(_) | Err(_) => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            return lines.map(|line| serde_json::from_str(line).map_err(wrong)).collect();
        }
    };
    serde_json::from_value(list).map_err(wrong)
}

impl Fault {
    /// The validator that is faulty; none when it is all of them, or links.
    pub fn validator(&self) -> Option<u16> {
        match self {
            Self::Kill { validator, .. }
            | Self::Pause { validator, .. }
            | Self::Storm { validator, .. }
            | Self::Clock { validator, .. }
            | Self::DiskFull { validator }
            | Self::DamageDb { validator, .. }
            | Self::DamageSafety { validator, .. }
            | Self::EmptyDb { validator } => Some(*validator),
            Self::Under { fault, .. } => fault.validator(),
            Self::PowerLoss { .. } | Self::Partition { .. } | Self::Latency { .. } => None,
        }
    }

    /// Whether it can be done to a follower, which has no safety record and no links to be cut.
    const fn may_harm_followers(&self) -> bool {
        matches!(
            self,
            Self::Kill { .. }
                | Self::Pause { .. }
                | Self::Storm { .. }
                | Self::DiskFull { .. }
                | Self::DamageDb { .. }
                | Self::EmptyDb { .. }
                | Self::Under { .. }
        )
    }

    /// Whether links are what is faulty, or among it.
    const fn is_of_links(&self) -> bool {
        matches!(self, Self::Partition { .. } | Self::Latency { .. } | Self::Under { .. })
    }

    /// Whether all validators but one are well and connected with each other while it lasts.
    pub fn leaves_quorum(&self, validators: u16) -> bool {
        match self {
            Self::PowerLoss { .. } => false,
            Self::Partition { cuts, .. } => {
                let cuts = Partition::parse(cuts, validators).map(|partition| partition.0);
                let is_of_one = |one: u16| {
                    cuts.as_ref().is_ok_and(|cuts| cuts.iter().all(|(a, b)| *a == one || *b == one))
                };
                (0..validators).any(is_of_one)
            }
            // What is lost is sent again, within the patience of a leader that may be five delays.
            Self::Latency { delay_ms, jitter_ms, loss_percent, .. } => {
                *delay_ms + *jitter_ms <= 200 && *loss_percent <= 5
            }
            Self::Under { cuts, delay_ms, loss_percent, fault } => {
                let is_quick = *delay_ms <= 200 && *loss_percent <= 5;
                cuts.is_empty() && is_quick && fault.leaves_quorum(validators)
            }
            Self::Kill { .. }
            | Self::Pause { .. }
            | Self::Storm { .. }
            | Self::Clock { .. }
            | Self::DiskFull { .. }
            | Self::DamageDb { .. }
            | Self::DamageSafety { .. }
            | Self::EmptyDb { .. } => true,
        }
    }

    /// Whether no set of validators that can hear each other has more than half of them while it lasts, so that nothing can
    /// become final.
    pub fn denies_quorum(&self, validators: u16) -> bool {
        let Self::Partition { cuts, .. } = self else { return false };
        let largest =
            Partition::parse(cuts, validators).map(|partition| partition.largest_set(validators));
        largest.is_ok_and(|largest| 2 * largest <= usize::from(validators))
    }

    /// What would be right, if this cannot be done to so many validators.
    fn check(&self, validators: u16, nodes: u16) -> Result<(), String> {
        let harmed = if self.may_harm_followers() { nodes } else { validators };
        if self.validator().is_some_and(|index| index >= harmed) {
            return Err(format!("a validator from 0 to {}", harmed.saturating_sub(1)));
        }
        let within = |name: &str, found: u64, max: u64| {
            if found <= max { Ok(()) } else { Err(format!("{name} up to {max}")) }
        };
        match self {
            Self::Kill { down_ms, .. } | Self::PowerLoss { down_ms } => {
                within("downMs", *down_ms, FAULT_MS_MAX)
            }
            Self::Pause { ms, .. } => within("ms", *ms, FAULT_MS_MAX),
            Self::Storm { restarts, .. } => {
                within("restarts", u64::from(*restarts), u64::from(RESTARTS_MAX))
            }
            Self::Partition { cuts, ms } => {
                Partition::parse(cuts, validators).map_err(|error| error.to_string())?;
                within("ms", *ms, FAULT_MS_MAX)
            }
            Self::Latency { delay_ms, jitter_ms, loss_percent, ms } => {
                within("delayMs", *delay_ms, heddle_rpc_api::limits::LINK_MS_MAX)?;
                within("jitterMs", *jitter_ms, heddle_rpc_api::limits::LINK_MS_MAX)?;
                within("lossPercent", u64::from(*loss_percent), 100)?;
                within("ms", *ms, FAULT_MS_MAX)
            }
            Self::Clock { offset_ms, ms, .. } => {
                within("offsetMs either way", offset_ms.unsigned_abs(), SKEW_MS_MAX)?;
                within("ms", *ms, FAULT_MS_MAX)
            }
            Self::DamageDb { bytes, .. } => {
                within("bytes", u64::from(*bytes), u64::from(FLIPS_MAX))
            }
            Self::Under { cuts, delay_ms, loss_percent, fault } => {
                if !cuts.is_empty() {
                    Partition::parse(cuts, validators).map_err(|error| error.to_string())?;
                }
                within("delayMs", *delay_ms, heddle_rpc_api::limits::LINK_MS_MAX)?;
                within("lossPercent", u64::from(*loss_percent), 100)?;
                if fault.is_of_links() {
                    return Err("a fault of processes under one of links".to_owned());
                }
                fault.check(validators, nodes)
            }
            Self::DiskFull { .. } | Self::DamageSafety { .. } | Self::EmptyDb { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
