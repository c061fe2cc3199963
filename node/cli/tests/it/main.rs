//! Tests of the `heddle` binary as a script sees it: arguments in, exit code, stdout and stderr out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod chaos;
mod corruption;
mod damage;
mod execution;
mod failing_disk;
mod faults;
mod flooding;
mod followers;
mod full_disk;
mod help;
mod hostile;
mod http;
mod lease;
mod left_behind;
mod liar;
mod light;
mod localnet;
mod missing;
mod net;
mod node;
mod offline;
mod python;
mod reserved;
mod running;
mod snapshots;
mod trading;
mod truth;
mod usage;
mod validators;
mod vote_keys;

use std::io::Write;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

/// What a command said and how it ended.
struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Said {
    /// The one JSON document on stdout.
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.stdout, self.stderr))
    }

    fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("{name}: {}", self.stdout)).to_owned()
    }
}

fn heddle(args: &[&str]) -> Said {
    heddle_with(args, "")
}

fn heddle_with(args: &[&str], stdin: &str) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_heddle"))
        .args(args)
        .env_remove("HEDDLE_RPC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that does not read its input closes it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A command that must fail with `code` and one line that holds `words`.
fn fails(code: i32, args: &[&str], words: &[&str]) {
    let said = heddle(args);
    assert_eq!(said.code, code, "{args:?}: {}", said.stderr);
    assert_eq!(said.stderr.lines().count(), 1, "{args:?}: {}", said.stderr);
    assert!(said.stderr.starts_with("error: "), "{args:?}: {}", said.stderr);
    assert!(!said.stderr.contains('\u{1b}'), "{args:?}: {}", said.stderr);
    for word in words {
        assert!(said.stderr.contains(word), "{args:?}: {word}: {}", said.stderr);
    }
}
