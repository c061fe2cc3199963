//! What the chain of a home begins with.

use heddle_sdk::genesis_state;
use heddle_state::State;
use heddle_types::BlockHeader;
use heddle_types::ChangeSet;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;

use crate::exit::Fatal;
use crate::home::FieldError;
use crate::home::Home;
use crate::home::HomeError;
use crate::home::HomeFile;
use crate::node::open;

/// Block 0 and the state after it.
pub(crate) struct Beginning {
    /// What is in state at first.
    pub(crate) changes: ChangeSet,
    /// Block 0's header, with the root of that.
    pub(crate) header: BlockHeader,
}

impl Beginning {
    /// Of the home's genesis, as this node's programs understand it.
    ///
    /// # Errors
    /// As for every other wrong field of `genesis.json`, when a program refuses its section.
    pub(crate) fn of(home: &Home) -> Result<Self, Fatal> {
        let changes = genesis_state(&open::programs(), home.genesis()).map_err(|error| {
            let error = FieldError {
                field: String::new(),
                found: error.to_string(),
                expected: "sections that this version's programs can begin with".to_owned(),
            };
            let path = home.dir().join("genesis.json");
            HomeError::field(HomeFile::Genesis, &path, error).to_fatal()
        })?;
        let header = home.genesis().header(State::empty().apply(&changes));
        Ok(Self { changes, header })
    }

    /// The safety record of a validator that has not voted.
    pub(crate) fn first_record(&self) -> SafetyRecord {
        let Self { changes: _, header } = self;
        SafetyRecord::first(header.chain, header.epoch, QuorumCert::genesis(header.vote_data()))
    }
}
