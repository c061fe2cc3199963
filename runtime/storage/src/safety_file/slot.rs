//! One slot of the file.
//!
//! ```text
//! magic 8 ‖ counter u64 ‖ chain 32 ‖ owner's key 32 ‖ device u64 ‖ inode u64 ‖ boot 16 ‖ lease: 0 | 1 ‖ epoch u64 ‖ view u64
//!   ‖ durable height u64 ‖ length u32 ‖ record ‖ zeros ‖ blake3 32
//! ```
//! Numbers are little-endian; the hash covers all before it.

use std::fs;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_types::Canonical;
use heddle_types::ChainId;
use heddle_types::Epoch;
use heddle_types::Height;
use heddle_types::LeaseLimit;
use heddle_types::PublicKey;
use heddle_types::SafetyRecord;
use heddle_types::View;
use heddle_types::decode_exact;
use heddle_types::encode;

use super::Remembered;

/// A slot's size: no disk writes less at once.
pub(super) const BYTES: usize = 4096;
const HASH: usize = 32;
const MAGIC: [u8; 8] = *b"HDLSAFE3";
/// Bytes before the record, at most.
const HEADER: usize = 8 + 8 + (32 + 32 + 8 + 8 + 16) + (1 + 8 + 8) + 8 + 4;

const _: () = assert!(HEADER + SafetyRecord::BYTES_MAX + HASH <= BYTES);

/// Whose the file is, which file it is, and in which boot of the machine it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Identity {
    pub(super) chain: ChainId,
    pub(super) owner: [u8; 32],
    device: u64,
    inode: u64,
    boot: [u8; 16],
}

/// What one slot holds.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) counter: u64,
    pub(super) identity: Identity,
    /// Set in lease mode.
    pub(super) lease: Option<LeaseLimit>,
    pub(super) remembered: Remembered,
}

impl Identity {
    pub(super) fn of(file: &File, chain: ChainId, owner: PublicKey) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let (device, inode) = (metadata.dev(), metadata.ino());
        Ok(Self { chain, owner: owner.0, device, inode, boot: boot()? })
    }

    /// Whether it is of the same chain and owner.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        (self.chain, self.owner) == (other.chain, other.owner)
    }

    /// Whether it is the same file, in whatever boot.
    pub(super) fn is_file(&self, other: &Self) -> bool {
        Self { boot: other.boot, ..*self } == *other
    }
}

impl Slot {
    /// Its lease, if it was written before the machine started.
    pub(super) fn lease_of_another_boot(&self, own: &Identity) -> Option<LeaseLimit> {
        self.lease.filter(|_| self.identity.boot != own.boot)
    }

    pub(super) fn to_bytes(&self) -> [u8; BYTES] {
        let Self { counter, identity, lease, remembered: Remembered { record, durable } } = self;
        assert_eq!(record.chain, identity.chain, "a record of the file's chain");
        let record = encode(record);
        assert!(record.len() <= SafetyRecord::BYTES_MAX, "a record within its limit");
        let len = u32::try_from(record.len()).expect("at most 3900");
        let lease = lease.map(|limit| (limit.epoch, limit.view));
        let mut bytes = encode(&(MAGIC, counter, identity, lease, durable, len));
        bytes.extend_from_slice(&record);
        let mut slot = [0; BYTES];
        slot[..bytes.len()].copy_from_slice(&bytes);
        let hash = blake3::hash(&slot[..BYTES - HASH]);
        slot[BYTES - HASH..].copy_from_slice(hash.as_bytes());
        slot
    }

    /// None when it is damaged, in any way.
    pub(super) fn from_bytes(slot: &[u8]) -> Option<Self> {
        let (mut bytes, hash) = slot.split_last_chunk::<HASH>()?;
        if blake3::hash(bytes).as_bytes() != hash {
            return None;
        }
        type Header = ([u8; 8], u64, Identity, Option<(Epoch, View)>, Height, u32);
        let (magic, counter, identity, lease, durable, len) =
            Header::deserialize(&mut bytes).ok()?;
        let record = decode_exact(bytes.get(..usize::try_from(len).ok()?)?).ok()?;
        let lease = lease.map(|(epoch, view)| LeaseLimit { epoch, view });
        let remembered = Remembered { record, durable };
        (magic == MAGIC).then_some(Self { counter, identity, lease, remembered })
    }
}

/// Which boot of the machine this is: another one after every start of the system, which is when unsynced writes are lost.
fn boot() -> io::Result<[u8; 16]> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let number = u128::from_str_radix(&digits, 16)
        .map_err(|error| io::Error::other(format!("boot id {text:?}: {error}")))?;
    Ok(number.to_be_bytes())
}
