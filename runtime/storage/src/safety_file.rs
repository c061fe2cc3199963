//! The file that holds what a validator must not forget.
//!
//! ```text
//! slot 0 at 0, slot 1 at 4096; each 4096 bytes, written by one aligned write of one sector
//! ```
//! Slots are written in turn, the counter growing by one with each write, so the newer slot is the record and the older one
//! the record before it. Both must be intact and consecutive: a slot that is damaged may have been the newer one. The device
//! and inode are those of the file itself, so a copy, or a restored backup, which may be older than what was signed, is
//! recognised. The file's size never changes: its blocks are allocated when it is made, and a full disk cannot fail a write.
//!
//! **Lease mode** (rules L1 to L3 of `docs/consensus.md`): a slot also says up to which view its owner may sign without a
//! sync. Such writes are in the system's memory when the process ends, and lost with the power; so the slot says in which
//! boot of the machine it was written, and in another boot the record is not believed, only the limit.

mod slot;

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;

use heddle_types::ChainId;
use heddle_types::Height;
use heddle_types::LeaseLimit;
use heddle_types::PublicKey;
use heddle_types::SafetyRecord;
use heddle_types::View;
use thiserror::Error;

use slot::Identity;
use slot::Slot;

const SLOT_OFFSETS: [u64; 2] = [0, slot::BYTES as u64];
/// Views ahead that a lease is taken for: a validator that lost power is mute until so many have passed.
pub const LEASE_VIEWS: u64 = 64;

/// When what is written must be on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SafetyMode {
    /// Each record, before anything that it contains leaves.
    #[default]
    Strict,
    /// A limit [`LEASE_VIEWS`] ahead, before anything of a view above the last one.
    Lease,
}

/// What a validator must not forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// What it signed.
    pub record: SafetyRecord,
    /// The height up to which outcomes were durable then: it may have told somebody of them.
    pub durable: Height,
}

/// The open file. One process at a time: the database's lock, in the same home, sees to that.
#[derive(Debug)]
pub struct SafetyFile {
    file: File,
    path: PathBuf,
    identity: Identity,
    mode: SafetyMode,
    newest: Slot,
}

/// What opening the file says about signing.
#[derive(Debug)]
pub enum SafetyState {
    /// It is this validator's own; [`SafetyFile::remembered`] is what it did last.
    Ready(Box<SafetyFile>),
    /// It cannot be relied on: sign nothing until the others have told where they are. What it says was durable is believed
    /// all the same: who waits for more than there ever was waits in vain, but tells nothing wrong.
    Mute(MuteReason, Height),
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
    /// The machine has started again since records were written that were not synced.
    #[error(
        "the machine has started again since the last records, which need not be on disk; they are of views up to {} of epoch {}",
        limit.view,
        limit.epoch
    )]
    PowerLost {
        /// Whatever was signed is not above it.
        limit: LeaseLimit,
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
        let first = Remembered { record: record.clone(), durable: Height::ZERO };
        Self::make(path, owner, (first, SafetyMode::Strict), publish)
    }

    /// Replaces whatever is there by a new file, atomically: once the other validators have told where they are.
    ///
    /// # Errors
    /// From writing.
    pub fn recreate(
        path: &Path,
        owner: PublicKey,
        remembered: Remembered,
        mode: SafetyMode,
    ) -> Result<Self, SafetyError> {
        Self::make(path, owner, (remembered, mode), |draft| fs::rename(draft, path))
    }

    /// Opens the file of `owner` on `chain`. The newest record is on the disk then, whatever became of the last sync before.
    ///
    /// # Errors
    /// From reading and writing. Whatever is wrong with the file itself is a [`SafetyState::Mute`].
    pub fn open(
        path: &Path,
        chain: ChainId,
        owner: PublicKey,
        mode: SafetyMode,
    ) -> Result<SafetyState, SafetyError> {
        let fail = |source| SafetyError { path: path.to_owned(), source };
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(SafetyState::Mute(MuteReason::Missing, Height::ZERO));
            }
            Err(error) => return Err(fail(error)),
        };
        let identity = Identity::of(&file, chain, owner).map_err(fail)?;
        let slots = match read_slots(&file).map_err(fail)? {
            Ok(slots) => slots,
            Err(reason) => return Ok(SafetyState::Mute(reason, Height::ZERO)),
        };
        let own = slots.iter().flatten().filter(|slot| slot.identity.is_of(&identity));
        let durable = own.map(|slot| slot.remembered.durable).max().unwrap_or(Height::ZERO);
        Ok(match newest(slots, &identity) {
            Err(reason) => SafetyState::Mute(reason, durable),
            Ok(newest) => {
                // After a sync that failed, the system shows what was written and takes it for clean: it need not be on the disk.
                write_slot(&file, &newest).and_then(|()| file.sync_data()).map_err(fail)?;
                let path = path.to_owned();
                SafetyState::Ready(Box::new(Self { file, path, identity, mode, newest }))
            }
        })
    }

    /// What was written last.
    pub const fn remembered(&self) -> &Remembered {
        &self.newest.remembered
    }

    /// Makes what is remembered durable, in place of what was before the newest: one write and one `fdatasync`. In lease mode
    /// the sync is left out for views up to the limit.
    ///
    /// # Errors
    /// From writing; which of the records is on disk is unknown then, and nothing may be signed any more. In lease mode the
    /// file is removed: what the system still shows of it may not be what is on the disk later.
    ///
    /// # Panics
    /// If the record is of another chain, or longer than its limit.
    pub fn write(&mut self, remembered: Remembered) -> Result<(), SafetyError> {
        let counter = self.newest.counter + 1;
        let lease = self.mode.lease(self.newest.lease, &remembered.record);
        let may_wait = lease.is_some() && lease == self.newest.lease;
        let next = Slot { counter, identity: self.identity, lease, remembered };
        let written = write_slot(&self.file, &next);
        let synced = written.and_then(|()| if may_wait { Ok(()) } else { self.file.sync_data() });
        synced.map_err(|source| {
            if next.lease.is_some() || self.newest.lease.is_some() {
                // Whether that succeeds or not, this process signs no more.
                let _ = fs::remove_file(&self.path);
            }
            SafetyError { path: self.path.clone(), source }
        })?;
        self.newest = next;
        Ok(())
    }

    fn make(
        path: &Path,
        owner: PublicKey,
        (remembered, mode): (Remembered, SafetyMode),
        publish: impl Fn(&Path) -> io::Result<()>,
    ) -> Result<Self, SafetyError> {
        let draft = path.with_extension("new");
        let made = || -> io::Result<Self> {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(true).open(&draft)?;
            let identity = Identity::of(&file, remembered.record.chain, owner)?;
            let lease = mode.lease(None, &remembered.record);
            let first = Slot { counter: 0, identity, lease, remembered: remembered.clone() };
            let newest = Slot { counter: 1, ..first.clone() };
            file.write_all_at(&first.to_bytes(), SLOT_OFFSETS[0])?;
            file.write_all_at(&newest.to_bytes(), SLOT_OFFSETS[1])?;
            file.sync_all()?;
            publish(&draft)?;
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(Self { file, path: path.to_owned(), identity, mode, newest })
        };
        made().map_err(|source| SafetyError { path: path.to_owned(), source })
    }
}

impl SafetyMode {
    /// How far may be signed without a sync once `record` is on disk; none when each is synced.
    fn lease(self, current: Option<LeaseLimit>, record: &SafetyRecord) -> Option<LeaseLimit> {
        match self {
            Self::Strict => None,
            Self::Lease => lease_to_take(current, record, LEASE_VIEWS).or(current),
        }
    }
}

/// In its place; not synced.
fn write_slot(file: &File, slot: &Slot) -> io::Result<()> {
    let offset = SLOT_OFFSETS[usize::from(slot.counter % 2 == 1)];
    file.write_all_at(&slot.to_bytes(), offset)
}

/// L1: the limit, `views` ahead, that must be durable before anything leaves that `record` is the first to contain; none while
/// the current one covers it.
pub fn lease_to_take(
    current: Option<LeaseLimit>,
    record: &SafetyRecord,
    views: u64,
) -> Option<LeaseLimit> {
    let signed = record.vote.view.max(record.commit_vote.view).max(record.proposal.view);
    let signed = LeaseLimit { epoch: record.epoch, view: signed.max(record.timeout) };
    let ahead = View::new(signed.view.get().saturating_add(views));
    let is_covered = current.is_some_and(|limit| limit >= signed);
    (!is_covered).then_some(LeaseLimit { view: ahead, ..signed })
}

/// Those that are intact.
fn read_slots(file: &File) -> io::Result<Result<[Option<Slot>; 2], MuteReason>> {
    let bytes = file.metadata()?.len();
    let mut slots = [[0; slot::BYTES]; 2];
    if u64::try_from(slots.as_flattened().len()) != Ok(bytes) {
        return Ok(Err(MuteReason::Size { bytes }));
    }
    file.read_exact_at(slots.as_flattened_mut(), 0)?;
    Ok(Ok(slots.each_ref().map(|slot| Slot::from_bytes(slot))))
}

fn newest(slots: [Option<Slot>; 2], own: &Identity) -> Result<Slot, MuteReason> {
    let (first, second) = match slots {
        [Some(first), Some(second)] => (first, second),
        [None, _] => return Err(MuteReason::Damaged { slot: 0 }),
        [_, None] => return Err(MuteReason::Damaged { slot: 1 }),
    };
    for slot in [&first, &second] {
        let found = slot.identity;
        if found.chain != own.chain || slot.remembered.record.chain != own.chain {
            return Err(MuteReason::WrongChain { found: found.chain });
        }
        if found.owner != own.owner {
            return Err(MuteReason::WrongOwner { found: PublicKey(found.owner) });
        }
        if !found.is_file(own) {
            return Err(MuteReason::Copied);
        }
    }
    let counters = [first.counter, second.counter];
    let (newer, older) =
        if first.counter > second.counter { (first, second) } else { (second, first) };
    // L2. One of the slots was synced with the newest limit, whatever became of those written after it. A newer one without a
    // lease was synced, and all before it.
    if let Some(limit) = newer.lease_of_another_boot(own) {
        let limit = limit.max(older.lease_of_another_boot(own).unwrap_or(limit));
        return Err(MuteReason::PowerLost { limit });
    }
    let in_place = counters[0] % 2 == 0 && counters[1] % 2 == 1;
    if !in_place || counters[0].abs_diff(counters[1]) != 1 {
        return Err(MuteReason::Counters { counters });
    }
    Ok(newer)
}
