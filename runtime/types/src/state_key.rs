//! Where a value is kept in state.

use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;
use std::io;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::address::Address;
use crate::codec::Canonical;
use crate::limits;
use crate::quantity::Amount;
use crate::value::Value;

/// A native program, by its number in the registry.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    BorshSerialize,
    BorshDeserialize,
)]
pub struct ProgramId(pub u32);

impl ProgramId {
    /// The runtime itself: nonces and what belongs to no program. It cannot be called.
    pub const SYSTEM: Self = Self(0);
    /// Assets and transfers.
    pub const LEDGER: Self = Self(1);
    /// Prices.
    pub const ORACLE: Self = Self(2);
    /// Margin accounts.
    pub const CLEARING: Self = Self(3);
    /// Markets and orders.
    pub const EXCHANGE: Self = Self(4);
    /// Who the validators are.
    pub const VALIDATORS: Self = Self(5);
}

/// A place in state: a program and up to [`limits::KEY_BYTES_MAX`] bytes that the program chose.
///
/// 64 bytes in memory, no allocation. Ordered by program, then by bytes. Encoded as program (`u32`), length (`u8`), bytes.
#[derive(Clone, Copy)]
pub struct StateKey {
    program: ProgramId,
    len: u8,
    bytes: [u8; limits::KEY_BYTES_MAX],
}

impl StateKey {
    /// The key of `program` whose bytes are `parts`, one after the other; none when they are too long.
    #[inline]
    pub fn new(program: ProgramId, parts: &[&[u8]]) -> Option<Self> {
        let mut bytes = [0; limits::KEY_BYTES_MAX];
        let mut end = 0_usize;
        for part in parts {
            let next = end.checked_add(part.len())?;
            bytes.get_mut(end..next)?.copy_from_slice(part);
            end = next;
        }
        Some(Self { program, len: u8::try_from(end).ok()?, bytes })
    }

    /// The program whose state it is in.
    pub const fn program(&self) -> ProgramId {
        self.program
    }

    /// The program's own bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The first of the program's own bytes; 0 if it has none.
    #[inline]
    pub const fn first_byte(&self) -> u8 {
        self.bytes[0]
    }

    /// Bytes by which most keys differ that differ at all.
    #[inline]
    pub(crate) fn head(&self) -> u64 {
        let [_, a, b, c, d, e, f, g, h, ..] = self.bytes;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// Its bytes and the zeros behind them in words, of which the last two overlap.
    #[inline]
    pub(crate) fn byte_words(&self) -> [u64; 8] {
        let (whole, _) = self.bytes.as_chunks::<8>();
        let [a, b, c, d, e, f, g] = *whole else {
            unreachable!("59 bytes are seven words and more")
        };
        let Some(last) = self.bytes.last_chunk() else { unreachable!("59 bytes have a last word") };
        [a, b, c, d, e, f, g, *last].map(u64::from_le_bytes)
    }

    /// Its program and length.
    #[inline]
    pub(crate) fn head_word(&self) -> u64 {
        u64::from(self.program.0) << 8 | u64::from(self.len)
    }
}

impl PartialEq for StateKey {
    /// Keys are looked up more than anything else, so all words are compared at once instead of one after the other.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let ([own @ .., own_last], [others @ .., others_last]) =
            (self.byte_words(), other.byte_words());
        let pairs = own.into_iter().zip(others);
        let differing =
            pairs.fold(own_last ^ others_last, |sum, (own, others)| sum | (own ^ others));
        differing == 0 && self.len == other.len && self.program == other.program
    }
}

impl Eq for StateKey {}

impl Hash for StateKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.program.hash(state);
        self.bytes().hash(state);
    }
}

impl PartialOrd for StateKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StateKey {
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // What a key does not use of its bytes is zero, so the whole arrays compare as the used parts do, until one of them is
        // the other with zeros behind it.
        let by_bytes = || self.bytes.cmp(&other.bytes).then(self.len.cmp(&other.len));
        self.program.cmp(&other.program).then_with(by_bytes)
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.program.0)?;
        self.bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl BorshSerialize for StateKey {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.program.serialize(writer)?;
        self.len.serialize(writer)?;
        writer.write_all(self.bytes())
    }
}

impl BorshDeserialize for StateKey {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let program = ProgramId::deserialize_reader(reader)?;
        let len = u8::deserialize_reader(reader)?;
        let mut bytes = [0; limits::KEY_BYTES_MAX];
        let Some(used) = bytes.get_mut(..usize::from(len)) else {
            let message = format!("key length {len}, at most {} allowed", limits::KEY_BYTES_MAX);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        };
        reader.read_exact(used)?;
        Ok(Self { program, len, bytes })
    }
}

/// What was put down when a key was created, and who gets it back when the key is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Deposit {
    /// Who paid it.
    pub payer: Address,
    /// How much, in the native asset.
    pub amount: Amount,
}

/// What state holds at a key: the program's value, and the deposit that stands for it.
///
/// This is what the state tree commits to. Keys of the system program carry no deposit.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Entry {
    /// The deposit, if one was taken.
    pub deposit: Option<Deposit>,
    /// The program's bytes.
    pub value: Value,
}

impl Canonical for Entry {
    const NAME: &'static str = "state entry";
    const BYTES_MAX: usize = limits::VALUE_BYTES_MAX + 64;
}
