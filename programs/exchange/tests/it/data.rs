//! Cases that stand outside of the project, and are read in place.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use flate2::read::GzDecoder;

/// The bytes of a file of cases, unpacked if its name says that it is packed. None, said aloud, where the data is absent.
pub(crate) fn read(file: &str) -> Option<Vec<u8>> {
    let path = folder().join(file);
    let Ok(bytes) = fs::read(&path) else {
        println!("left out: {file}: no such file beside the project");
        return None;
    };
    if Path::new(file).extension().is_none_or(|ending| ending != "gz") {
        return Some(bytes);
    }
    let mut unpacked = Vec::new();
    GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
    Some(unpacked)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/derivatives")
}
