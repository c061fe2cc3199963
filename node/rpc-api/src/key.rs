//! State keys as JSON.

use heddle_types::AccessMode;
use heddle_types::Bytes;
use heddle_types::StateKey;
use serde::Deserialize;
use serde::Serialize;

use crate::text;

/// A place in state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The program's number.
    pub program: u32,
    /// The program's own bytes.
    #[serde(with = "text")]
    pub key: Bytes,
}

/// A key and how it is touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAccess {
    /// The program's number.
    pub program: u32,
    /// The program's own bytes.
    #[serde(with = "text")]
    pub key: Bytes,
    /// How.
    pub mode: Mode,
}

/// How a key is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Read.
    Read,
    /// Added to, unseen.
    Add,
    /// Appended to, unseen.
    Append,
    /// Read and replaced or deleted.
    Write,
}

impl From<&StateKey> for Key {
    fn from(key: &StateKey) -> Self {
        Self { program: key.program().0, key: Bytes(key.bytes().to_vec()) }
    }
}

impl KeyAccess {
    /// Of a declared key.
    pub fn new(key: &StateKey, mode: AccessMode) -> Self {
        let Key { program, key } = Key::from(key);
        Self { program, key, mode: mode.into() }
    }
}

impl From<AccessMode> for Mode {
    fn from(mode: AccessMode) -> Self {
        match mode {
            AccessMode::Read => Self::Read,
            AccessMode::Add => Self::Add,
            AccessMode::Append => Self::Append,
            AccessMode::Write => Self::Write,
        }
    }
}

/// For `#[serde(with)]` on an optional [`heddle_types::ProgramId`].
pub(crate) mod program_option {
    use heddle_types::ProgramId;
    use serde::Serialize;
    use serde::Serializer;

    pub(crate) fn serialize<S: Serializer>(
        program: &Option<ProgramId>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        program.map(|program| program.0).serialize(serializer)
    }
}

/// For `#[serde(with)]` on a [`heddle_types::ProgramId`].
pub(crate) mod program {
    use heddle_types::ProgramId;
    use serde::Serializer;

    pub(crate) fn serialize<S: Serializer>(
        program: &ProgramId,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(program.0)
    }
}
