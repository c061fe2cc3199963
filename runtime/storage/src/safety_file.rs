//! The file that holds what a validator must not forget.
//!
//! ```text
//! slot 0 at 0, slot 1 at 4096; each 4096 bytes, written by one aligned write of one sector
//!   magic 8 ‖ counter u64 ‖ chain 32 ‖ owner's key 32 ‖ device u64 ‖ inode u64 ‖ length u32 ‖ record ‖ zeros ‖ blake3 32
//! ```
//! Numbers are little-endian; the hash covers all before it. Slots are written in turn, the counter growing by one with each
//! write, so the newer slot is the record and the older one the record before it. Both must be intact and consecutive: a
//! slot that is damaged may have been the newer one. The device and inode are those of the file itself, so a copy, or a
//! restored backup, which may be older than what was signed, is recognised. The file's size never changes: its blocks are
//! allocated when it is made, and a full disk cannot fail a write.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_types::Canonical;
use heddle_types::ChainId;
use heddle_types::PublicKey;
use heddle_types::SafetyRecord;
use heddle_types::decode_exact;
use heddle_types::encode;
use thiserror::Error;

const SLOT: usize = 4096;
const SLOT_OFFSETS: [u64; 2] = [0, 4096];
const HASH: usize = 32;
const MAGIC: [u8; 8] = *b"HDLSAFE1";
/// Bytes before the record.
const HEADER: usize = 8 + 8 + 32 + 32 + 8 + 8 + 4;

const _: () = assert!(HEADER + SafetyRecord::BYTES_MAX + HASH <= SLOT);

/// The open file. One process at a time: the database's lock, in the same home, sees to that.
#[derive(Debug)]
pub struct SafetyFile {
    file: File,
    path: PathBuf,
    identity: Identity,
    /// Of the newest record.
    counter: u64,
}

/// What opening the file says about signing.
#[derive(Debug)]
pub enum SafetyState {
    /// It is this validator's own, and this is its newest record.
    Ready(SafetyFile, Box<SafetyRecord>),
    /// It cannot be relied on: sign nothing until the others have told where they are.
    Mute(MuteReason),
}

/// Why the file cannot be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MuteReason {
    /// It is not there.
    #[error("the safety file is missing")]
    Missing,
    /// Its size is wrong, so that no slot can be read.
    #[error("the safety file has {bytes} bytes, expected 8192")]
    Size {
        /// Its size.
        bytes: u64,
    },
    /// A slot is damaged.
    #[error("slot {slot} of the safety file is damaged")]
    Damaged {
        /// Which.
        slot: u8,
    },
    /// Both are intact, but not of consecutive writes.
    #[error("the slots of the safety file have counters {counters:?}, expected consecutive ones")]
    Counters {
        /// The slots' counters.
        counters: [u64; 2],
    },
    /// It is a copy of another file, such as a restored backup.
    #[error("the safety file is a copy, and may be older than what was signed")]
    Copied,
    /// It belongs to another chain.
    #[error("the safety file is of chain {found}")]
    WrongChain {
        /// Its chain.
        found: ChainId,
    },
    /// It belongs to another key.
    #[error("the safety file is of the key {}", heddle_types::Hash32(found.0))]
    WrongOwner {
        /// Its key.
        found: PublicKey,
    },
}

/// The system refused to read or write the file.
#[derive(Debug, Error)]
#[error("{}: {source}, expected a file that can be read and written, check the disk and its permissions", path.display())]
pub struct SafetyError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Whose the file is, and which file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Identity {
    chain: ChainId,
    owner: [u8; 32],
    device: u64,
    inode: u64,
}

impl SafetyFile {
    /// Makes the file of a validator that never signed anything. Only for a new key: `init` and `join`.
    ///
    /// # Errors
    /// When there is one already, or from writing.
    pub fn create_first(
        path: &Path,
        owner: PublicKey,
        record: &SafetyRecord,
    ) -> Result<Self, SafetyError> {
        // A link, unlike a rename, refuses to replace.
        let publish = |draft: &Path| {
            fs::hard_link(draft, path)?;
            fs::remove_file(draft)
        };
        Self::make(path, owner, record, publish)
    }

    /// Replaces whatever is there by a new file, atomically: once the other validators have told where they are.
    ///
    /// # Errors
    /// From writing.
    pub fn recreate(
        path: &Path,
        owner: PublicKey,
        record: &SafetyRecord,
    ) -> Result<Self, SafetyError> {
        Self::make(path, owner, record, |draft| fs::rename(draft, path))
    }

    /// Opens the file of `owner` on `chain`.
    ///
    /// # Errors
    /// From reading. Whatever is wrong with the file itself is a [`SafetyState::Mute`].
    pub fn open(path: &Path, chain: ChainId, owner: PublicKey) -> Result<SafetyState, SafetyError> {
        let fail = |source| SafetyError { path: path.to_owned(), source };
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(SafetyState::Mute(MuteReason::Missing));
            }
            Err(error) => return Err(fail(error)),
        };
        let identity = Identity::of(&file, chain, owner).map_err(fail)?;
        let slots = match read_slots(&file).map_err(fail)? {
            Ok(slots) => slots,
            Err(reason) => return Ok(SafetyState::Mute(reason)),
        };
        Ok(match newest(slots, &identity) {
            Err(reason) => SafetyState::Mute(reason),
            Ok(Slot { counter, record, .. }) => {
                let file = Self { file, path: path.to_owned(), identity, counter };
                SafetyState::Ready(file, Box::new(record))
            }
        })
    }

    /// Makes `record` durable, in place of the one before the newest: one write and one `fdatasync`.
    ///
    /// # Errors
    /// From writing; which of the records is on disk is unknown then, and nothing may be signed any more.
    ///
    /// # Panics
    /// If the record is of another chain, or longer than its limit.
    pub fn write(&mut self, record: &SafetyRecord) -> Result<(), SafetyError> {
        let counter = self.counter + 1;
        let slot = to_slot(counter, &self.identity, record);
        let offset = SLOT_OFFSETS[usize::from(counter % 2 == 1)];
        self.file
            .write_all_at(&slot, offset)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| SafetyError { path: self.path.clone(), source })?;
        self.counter = counter;
        Ok(())
    }

    fn make(
        path: &Path,
        owner: PublicKey,
        record: &SafetyRecord,
        publish: impl Fn(&Path) -> io::Result<()>,
    ) -> Result<Self, SafetyError> {
        let draft = path.with_extension("new");
        let made = || -> io::Result<Self> {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(true).open(&draft)?;
            let identity = Identity::of(&file, record.chain, owner)?;
            file.write_all_at(&to_slot(0, &identity, record), SLOT_OFFSETS[0])?;
            file.write_all_at(&to_slot(1, &identity, record), SLOT_OFFSETS[1])?;
            file.sync_all()?;
            publish(&draft)?;
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(Self { file, path: path.to_owned(), identity, counter: 1 })
        };
        made().map_err(|source| SafetyError { path: path.to_owned(), source })
    }
}

impl Identity {
    fn of(file: &File, chain: ChainId, owner: PublicKey) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { chain, owner: owner.0, device: metadata.dev(), inode: metadata.ino() })
    }
}

#[derive(Debug)]
struct Slot {
    counter: u64,
    identity: Identity,
    record: SafetyRecord,
}

fn to_slot(counter: u64, identity: &Identity, record: &SafetyRecord) -> [u8; SLOT] {
    assert_eq!(record.chain, identity.chain, "a record of the file's chain");
    let record = encode(record);
    assert!(record.len() <= SafetyRecord::BYTES_MAX, "a record within its limit");
    let len = u32::try_from(record.len()).expect("at most 3900");
    let bytes = encode(&(MAGIC, counter, identity, len));
    assert_eq!(bytes.len(), HEADER, "the header's size");
    let mut slot = [0; SLOT];
    slot[..HEADER].copy_from_slice(&bytes);
    slot[HEADER..HEADER + record.len()].copy_from_slice(&record);
    let hash = blake3::hash(&slot[..SLOT - HASH]);
    slot[SLOT - HASH..].copy_from_slice(hash.as_bytes());
    slot
}

/// None when it is damaged, in any way.
fn from_slot(slot: &[u8]) -> Option<Slot> {
    let (bytes, hash) = slot.split_last_chunk::<HASH>()?;
    if blake3::hash(bytes).as_bytes() != hash {
        return None;
    }
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let (magic, counter, identity, len) =
        <([u8; 8], u64, Identity, u32)>::try_from_slice(header).ok()?;
    let record = rest.get(..usize::try_from(len).ok()?)?;
    let record: SafetyRecord = decode_exact(record).ok()?;
    (magic == MAGIC).then_some(Slot { counter, identity, record })
}

fn read_slots(file: &File) -> io::Result<Result<[Slot; 2], MuteReason>> {
    let bytes = file.metadata()?.len();
    let mut slots = [[0; SLOT]; 2];
    if u64::try_from(slots.as_flattened().len()) != Ok(bytes) {
        return Ok(Err(MuteReason::Size { bytes }));
    }
    file.read_exact_at(slots.as_flattened_mut(), 0)?;
    Ok(match slots.each_ref().map(|slot| from_slot(slot)) {
        [Some(first), Some(second)] => Ok([first, second]),
        [None, _] => Err(MuteReason::Damaged { slot: 0 }),
        [_, None] => Err(MuteReason::Damaged { slot: 1 }),
    })
}

fn newest([first, second]: [Slot; 2], own: &Identity) -> Result<Slot, MuteReason> {
    for slot in [&first, &second] {
        let found = slot.identity;
        if found.chain != own.chain || slot.record.chain != own.chain {
            return Err(MuteReason::WrongChain { found: found.chain });
        }
        if found.owner != own.owner {
            return Err(MuteReason::WrongOwner { found: PublicKey(found.owner) });
        }
        if found != *own {
            return Err(MuteReason::Copied);
        }
    }
    let counters = [first.counter, second.counter];
    let in_place = counters[0] % 2 == 0 && counters[1] % 2 == 1;
    if !in_place || counters[0].abs_diff(counters[1]) != 1 {
        return Err(MuteReason::Counters { counters });
    }
    Ok(if first.counter > second.counter { first } else { second })
}
