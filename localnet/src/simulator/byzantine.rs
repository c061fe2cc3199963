//! Validators that do not keep to the rules: one behaviour a file.
//!
//! Each has its own key, signs with it whatever it likes, and forges nothing. Inside is a machine as it ships, with a disk and
//! a clock; what it wants to say goes through a [`Misbehave`], which sends that, something else, more, or nothing, to whom it
//! likes. What is sent crosses the wire as bytes.

mod clock_liar;
mod equivocator;
mod forking_leader;
mod hand;
mod impersonator;
mod invalid_root;
mod lying_peer;
mod oversize_payload;
mod replayer;
mod stale_voter;
mod timeout_spammer;
mod vote_splitter;
mod withholder;

use heddle_wire::PeerMessage;

pub(crate) use hand::Hand;

/// What a Byzantine validator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Behaviour {
    /// Signs two proposals, votes and commit votes of a view, and tells each half of the others another one.
    Equivocator,
    /// Proposes to one, votes for one, and answers nobody.
    Withholder,
    /// Builds on older blocks than it knows to be certified.
    ForkingLeader,
    /// Votes and commit-votes for whatever it hears, also in views given up, and names old certificates in its timeouts.
    StaleVoter,
    /// Speaks in the names of others.
    Impersonator,
    /// Says again what it heard and said, to anybody.
    Replayer,
    /// Claims roots that no execution gives.
    InvalidRoot,
    /// Proposes more than a block may hold, and what is ordered already.
    OversizePayload,
    /// Tells each of its statements to one half of the others only.
    VoteSplitter,
    /// Gives up on every view at once, and votes for views that are far away.
    TimeoutSpammer,
    /// Answers requests for blocks wrongly.
    LyingPeer,
    /// Its wall clock is off by up to an hour.
    ClockLiar,
}

impl Behaviour {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Equivocator,
        Self::Withholder,
        Self::ForkingLeader,
        Self::StaleVoter,
        Self::Impersonator,
        Self::Replayer,
        Self::InvalidRoot,
        Self::OversizePayload,
        Self::VoteSplitter,
        Self::TimeoutSpammer,
        Self::LyingPeer,
        Self::ClockLiar,
    ];

    pub(crate) fn start(self) -> Box<dyn Misbehave> {
        match self {
            Self::Equivocator => Box::<equivocator::Equivocator>::default(),
            Self::Withholder => Box::new(withholder::Withholder),
            Self::ForkingLeader => Box::<forking_leader::ForkingLeader>::default(),
            Self::StaleVoter => Box::<stale_voter::StaleVoter>::default(),
            Self::Impersonator => Box::new(impersonator::Impersonator),
            Self::Replayer => Box::<replayer::Replayer>::default(),
            Self::InvalidRoot => Box::new(invalid_root::InvalidRoot),
            Self::OversizePayload => Box::<oversize_payload::OversizePayload>::default(),
            Self::VoteSplitter => Box::new(vote_splitter::VoteSplitter),
            Self::TimeoutSpammer => Box::new(timeout_spammer::TimeoutSpammer),
            Self::LyingPeer => Box::<lying_peer::LyingPeer>::default(),
            Self::ClockLiar => Box::<clock_liar::ClockLiar>::default(),
        }
    }
}

/// What becomes of the words of the machine inside.
pub(crate) trait Misbehave {
    /// The machine wants to tell each of `to` this.
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage);

    /// `from` said this; the machine hears it afterwards.
    fn hear(&mut self, _hand: &mut Hand<'_>, _from: usize, _message: &PeerMessage) {}

    /// What its wall clock shows, in milliseconds, when others' show `wall_ms`.
    fn clock(&mut self, _hand: &mut Hand<'_>, wall_ms: u64) -> u64 {
        wall_ms
    }
}
