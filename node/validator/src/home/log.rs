//! `node.log`: everything that a node says on stderr, appended.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::FallocateFlags;
use rustix::fs::OFlags;
use rustix::fs::fallocate;
use rustix::fs::fstat;

/// Room that the file system keeps for the log beyond its end, where it can: on a full disk the last line must fit.
const RESERVED_BYTES: u64 = 16 << 10;

/// Writes to stderr and to the home's `node.log`; to one of them only when stderr is that file already, as it is of a
/// node that a localnet started. Clones share the file.
///
/// A log that cannot be opened or written never stops a node: what is written then goes to stderr only.
#[derive(Clone, Debug)]
pub struct NodeLog {
    file: Option<Arc<File>>,
    is_stderr: bool,
}

impl NodeLog {
    /// Opens the log of the home in `dir`.
    pub fn open(dir: &Path) -> Self {
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
        let flags = i32::try_from(flags).unwrap_or_default();
        let path = dir.join("node.log");
        let opened = OpenOptions::new().append(true).create(true).custom_flags(flags).open(path);
        let file = opened.ok().map(Arc::new);
        let log = Self { is_stderr: file.as_deref().is_some_and(is_stderr), file };
        log.reserve();
        log
    }

    fn reserve(&self) {
        let Some(file) = &self.file else { return };
        if let Ok(meta) = file.metadata()
            && meta.is_file()
        {
            // On a full disk what is reserved already is used up.
            let _ = fallocate(file, FallocateFlags::KEEP_SIZE, meta.len(), RESERVED_BYTES);
        }
    }
}

impl Write for NodeLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Whichever of the two fails, the other still gets the line; nobody could be told anyway.
        let _ = io::stderr().write_all(bytes);
        if let Some(file) = &self.file
            && !self.is_stderr
        {
            let _ = file.as_ref().write_all(bytes);
        }
        self.reserve();
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_stderr(file: &File) -> bool {
    let (Ok(stderr), Ok(file)) = (fstat(io::stderr()), fstat(file)) else {
        return false;
    };
    stderr.st_dev == file.st_dev && stderr.st_ino == file.st_ino
}
