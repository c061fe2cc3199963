//! Why a node ends by itself, in the form of its last line.

use std::path::Path;
use std::path::PathBuf;

use heddle_types::Address;
use heddle_types::Height;
use heddle_types::StateRoot;
use heddle_types::View;

use crate::exit::ExitCode;
use crate::exit::Fatal;
use crate::home::Home;
use crate::node::shared::Shared;

/// A certified root is not the one computed here.
pub(crate) fn diverged(
    shared: &Shared,
    height: Height,
    own: StateRoot,
    certified: StateRoot,
) -> Fatal {
    let bundle = write_bundle(shared, height, own, certified);
    Fatal {
        code: ExitCode::Diverged,
        path: bundle,
        found: format!("state root {own} at height {height}"),
        expected: format!("{certified}, which a quorum certified"),
        remedy: "keep the home and this file and report them; do not restart".to_owned(),
    }
}

/// Leaves what is needed to find out why, beside the database. Best effort: the node ends either way.
fn write_bundle(shared: &Shared, height: Height, own: StateRoot, certified: StateRoot) -> PathBuf {
    let path = shared.home.join(format!("divergence-{height}.json"));
    let block = shared.storage.final_block(height).ok().flatten();
    let bundle = serde_json::json!({
        "height": height.get(),
        "ownRoot": own.to_string(),
        "certifiedRoot": certified.to_string(),
        "block": block.map(|block| hex::encode(heddle_types::encode(&block))),
        "version": env!("CARGO_PKG_VERSION"),
    });
    if let Err(error) = std::fs::write(&path, bundle.to_string()) {
        tracing::error!(path = %path.display(), %error, "cannot write the divergence bundle");
    }
    path
}

/// Somebody else signs with this node's key.
pub(crate) fn key_in_use(shared: &Shared, view: View) -> Fatal {
    Fatal {
        code: ExitCode::InUse,
        path: shared.home.join("key.json"),
        found: format!("a signature by this key of view {view} that this node did not make"),
        expected: "one running node a key".to_owned(),
        remedy: "stop the other node, or give this one a key of its own".to_owned(),
    }
}

/// Another node with this key is connected.
pub(crate) fn key_connected(home: &Path, detail: &str) -> Fatal {
    Fatal {
        code: ExitCode::InUse,
        path: home.join("key.json"),
        found: format!("another live node with this key ({detail})"),
        expected: "one running node a key".to_owned(),
        remedy: "stop the other node, or give this one a key of its own".to_owned(),
    }
}

/// The system refused what every node needs.
pub(crate) fn cannot_start(path: &Path, error: &dyn std::fmt::Display) -> Fatal {
    Fatal {
        code: ExitCode::Disk,
        path: path.to_owned(),
        found: error.to_string(),
        expected: "threads, sockets and signals from the system".to_owned(),
        remedy: "raise the system's limits and start again".to_owned(),
    }
}

/// The home's key is not in the committee.
pub(crate) fn not_validator(home: &Home) -> Fatal {
    Fatal {
        code: ExitCode::Usage,
        path: home.dir().join("key.json"),
        found: format!("the key {}, which is no validator's", home.key().public_key()),
        expected: "a key among the validators of genesis.json".to_owned(),
        remedy: "run it as a follower, with --follow, or use a validator's home".to_owned(),
    }
}

/// A validator's home cannot be a follower's.
pub(crate) fn is_validator(home: &Home) -> Fatal {
    Fatal {
        code: ExitCode::Usage,
        path: home.dir().join("key.json"),
        found: format!("--follow with the key {}, which is a validator's", home.key().public_key()),
        expected: "a key that no validator has".to_owned(),
        remedy: "run it without --follow, or make a home with a key of its own".to_owned(),
    }
}

/// A follower knows nobody.
pub(crate) fn nobody_to_follow(home: &Home) -> Fatal {
    Fatal {
        code: ExitCode::Usage,
        path: home.dir().join("config.toml"),
        found: "neither [[follow]] nor [[peers]]".to_owned(),
        expected: "at least one node to follow".to_owned(),
        remedy: "add public_key and quic of one or more nodes under [[follow]]".to_owned(),
    }
}

/// A home without its first blocks, and without a snapshot of the state that the others begin with.
pub(crate) fn no_base(home: &Home, height: Height) -> Fatal {
    Fatal {
        code: ExitCode::Corrupt,
        path: home.snapshots_path(),
        found: format!("no snapshot of height {height} or above"),
        expected: "the one that the kept blocks begin with".to_owned(),
        remedy:
            "copy it there from another home, or make the home again with `heddle node restore`"
                .to_owned(),
    }
}

/// A thread of the node panicked.
pub(crate) fn panicked(home: &Path, thread: &str) -> Fatal {
    Fatal {
        code: ExitCode::Failed,
        path: home.join("node.log"),
        found: format!("a panic in the thread `{thread}`"),
        expected: "none: this is a bug".to_owned(),
        remedy: "report it with the log; starting again is safe".to_owned(),
    }
}

/// `faucet.json` is some other key.
pub(crate) fn wrong_faucet(path: &Path, expected: Address) -> Fatal {
    Fatal {
        code: ExitCode::Usage,
        path: path.to_owned(),
        found: "another account's key".to_owned(),
        expected: format!("the key of {expected}, the faucet of genesis.json"),
        remedy: "restore the file, or remove it".to_owned(),
    }
}

/// A stored block is not what it was.
pub(crate) fn corrupt(db: &Path, error: &dyn std::fmt::Display) -> Fatal {
    Fatal {
        code: ExitCode::Corrupt,
        path: db.to_owned(),
        found: error.to_string(),
        expected: "the blocks that were stored".to_owned(),
        remedy: "move db/ away and start again to fetch everything from the other validators"
            .to_owned(),
    }
}
