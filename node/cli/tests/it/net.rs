//! A real localnet for a test: four `heddle node run` processes with their sockets and disks.

use std::fs;
use std::fs::File;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use super::Said;
use super::heddle;
use super::http;

/// Tests that run nodes take turns: a machine with two cores runs four validators well, and eight badly.
static TURN: Mutex<()> = Mutex::new(());

/// How many validators there are.
pub(crate) const VALIDATORS: usize = 4;

/// A localnet, which is ended and removed with it.
pub(crate) struct Net {
    /// Its directory.
    pub(crate) home: String,
    chain: String,
    _dir: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Net {
    /// One that is made and does not run.
    pub(crate) fn init() -> Self {
        Self::init_with(&[])
    }

    /// The same, with these arguments besides.
    pub(crate) fn init_with(args: &[&str]) -> Self {
        let turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("net").to_str().unwrap().to_owned();
        let fixed = ["localnet", "init", "--port-base", "0", "--home", &home, "--json"];
        let said = heddle(&[fixed.as_slice(), args].concat());
        assert_eq!(said.code, 0, "{}", said.stderr);
        Self { home, chain: said.field("chainId"), _dir: dir, _turn: turn }
    }

    /// One that is ready.
    pub(crate) fn start() -> Self {
        let net = Self::init();
        net.start_again();
        net
    }

    /// Starts it in the background; returns `localnet.json` as the command printed it.
    pub(crate) fn start_again(&self) -> Value {
        self.localnet(&["start", "--detach"])
    }

    /// What `heddle localnet ARGS` prints, which must succeed.
    pub(crate) fn localnet(&self, args: &[&str]) -> Value {
        let said = self.try_localnet(args);
        assert_eq!(said.code, 0, "{args:?}: {}", said.stderr);
        said.json()
    }

    /// What `heddle localnet ARGS` says.
    pub(crate) fn try_localnet(&self, args: &[&str]) -> Said {
        heddle(&[&["localnet"], args, &["--home", &self.home, "--json"]].concat())
    }

    /// The genesis hash.
    pub(crate) fn chain(&self) -> &str {
        &self.chain
    }

    /// A validator's home.
    pub(crate) fn validator(&self, index: usize) -> String {
        format!("{}/validator-{index}", self.home)
    }

    /// A validator's RPC address, `127.0.0.1:PORT`.
    pub(crate) fn address_of(&self, index: usize) -> String {
        let rpc = self.manifest()["validators"][index]["rpc"].as_str().unwrap().to_owned();
        rpc.strip_prefix("http://").unwrap().to_owned()
    }

    /// A validator's URL.
    pub(crate) fn url(&self, index: usize) -> String {
        format!("http://{}", self.address_of(index))
    }

    /// The document for other programs.
    pub(crate) fn manifest(&self) -> Value {
        serde_json::from_slice(&fs::read(format!("{}/localnet.json", self.home)).unwrap()).unwrap()
    }

    /// Each validator's process.
    pub(crate) fn pids(&self) -> Vec<Option<u64>> {
        let status = self.localnet(&["status"]);
        status["validators"].as_array().unwrap().iter().map(|one| one["pid"].as_u64()).collect()
    }

    /// The key file of a named account.
    pub(crate) fn key_file(&self, name: &str) -> String {
        format!("{}/accounts/{name}.json", self.home)
    }

    /// The address of a named account.
    pub(crate) fn account(&self, name: &str) -> String {
        let accounts = self.manifest()["accounts"].as_array().unwrap().clone();
        let account = accounts.iter().find(|account| account["name"] == name).unwrap();
        account["address"].as_str().unwrap().to_owned()
    }

    /// Pays through a validator and waits until it is final there; what the command prints.
    pub(crate) fn transfer(&self, index: usize, from: &str, to: &str, amount: &str) -> Value {
        let (key, to, url) = (self.key_file(from), self.account(to), self.url(index));
        let args =
            ["transfer", "--from", &key, "--to", &to, "--amount", amount, "--wait", "--json"];
        let said = heddle(&[args.as_slice(), &["--rpc", &url]].concat());
        assert_eq!(said.code, 0, "{} {}", said.stdout, said.stderr);
        said.json()
    }

    /// Pays the least through a validator; what the command prints if it is final there.
    pub(crate) fn try_pay(&self, index: usize) -> Option<Value> {
        let (key, to, url) = (self.key_file("alice"), self.account("bob"), self.url(index));
        let args = ["transfer", "--from", &key, "--to", &to, "--amount", "1", "--wait", "--json"];
        let said = heddle(&[args.as_slice(), &["--rpc", &url]].concat());
        (said.code == 0).then(|| said.json())
    }

    /// The whole reply to a call; none when the node does not answer.
    pub(crate) fn try_call(&self, index: usize, method: &str, params: Value) -> Option<Value> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (code, body) =
            http::post(&self.address_of(index), request.to_string().as_bytes()).ok()?;
        assert_eq!(code, 200, "{}", String::from_utf8_lossy(&body));
        Some(serde_json::from_slice(&body).unwrap())
    }

    /// The result of a call that must succeed.
    pub(crate) fn call(&self, index: usize, method: &str, params: Value) -> Value {
        let reply =
            self.try_call(index, method, params).unwrap_or_else(|| panic!("{method}: no answer"));
        assert!(reply.get("error").is_none(), "{method}: {reply}");
        reply["result"].clone()
    }

    /// What a validator says of itself; none while it does not.
    pub(crate) fn status(&self, index: usize) -> Option<Value> {
        self.try_call(index, "getStatus", json!({}))?.get("result").cloned()
    }

    /// A validator's final height.
    pub(crate) fn final_height(&self, index: usize) -> Option<u64> {
        self.status(index)?["finalHeight"].as_u64()
    }

    /// Waits until a validator has a final block above `height`, and returns what it says of itself then.
    pub(crate) fn await_above(&self, index: usize, height: u64, within: Duration) -> Value {
        eventually("a higher final block", within, || {
            self.status(index).filter(|status| status["finalHeight"].as_u64() > Some(height))
        })
    }

    /// Waits until a validator votes, and returns what it says of itself then.
    pub(crate) fn await_voting(&self, index: usize, within: Duration) -> Value {
        eventually("a voting validator", within, || {
            self.status(index).filter(|status| status["voting"] == true)
        })
    }

    /// The final block at a height that every validator has: it must be the same everywhere, and so must its roots.
    pub(crate) fn common_block(&self, height: u64) -> Value {
        self.block_of_all(height, VALIDATORS)
    }

    /// The same of so many nodes, the followers being behind the validators.
    pub(crate) fn block_of_all(&self, height: u64, nodes: usize) -> Value {
        let blocks: Vec<Value> = (0..nodes)
            .map(|index| {
                self.await_above(index, height.saturating_sub(1), Duration::from_secs(10));
                let mut block = self.call(index, "getBlock", json!({ "height": height }));
                // Which quorum signed may differ between nodes.
                block.as_object_mut().unwrap().remove("certificate").unwrap();
                block
            })
            .collect();
        assert!(blocks.iter().all(|block| *block == blocks[0]), "{blocks:#?}");
        assert!(blocks[0]["stateRoot"].is_string(), "{}", blocks[0]);
        blocks[0].clone()
    }

    /// The highest final height of any validator that answers.
    pub(crate) fn highest(&self) -> u64 {
        (0..VALIDATORS).filter_map(|index| self.final_height(index)).max().unwrap()
    }

    /// What `node verify` says of a validator's home that does not run: it must be right.
    pub(crate) fn verify(&self, index: usize) -> Value {
        Self::verify_home(&self.validator(index))
    }

    /// The same of any home.
    pub(crate) fn verify_home(home: &str) -> Value {
        let said = heddle(&["node", "verify", "--home", home, "--json"]);
        assert_eq!(said.code, 0, "{} {}", said.stdout, said.stderr);
        assert_eq!(said.json()["ok"], true);
        said.json()
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        // Whatever the test did, nothing of it may live on; a failing test has said so already.
        let _ = heddle(&["localnet", "stop", "--home", &self.home]);
    }
}

/// A process that a test started by itself, killed with it.
pub(crate) struct Process(Child);

impl Process {
    /// `heddle ARGS` in the background.
    pub(crate) fn heddle(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_heddle"));
        command.args(args).env_remove("HEDDLE_RPC");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// `heddle node run` of a home.
    pub(crate) fn node(home: &str) -> Self {
        Self::heddle(&["node", "run", "--home", home])
    }

    /// The same with these variables set, and what it says on stderr in a file.
    pub(crate) fn node_with(home: &str, variables: &[(&str, &str)], stderr: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_heddle"));
        command.args(["node", "run", "--home", home]).envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(stderr).unwrap());
        Self(command.spawn().unwrap())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send_signal(u64::from(self.0.id()), signal);
    }

    /// Its exit code, if it has ended.
    pub(crate) fn has_ended(&mut self) -> Option<i32> {
        self.0.try_wait().unwrap().map(|status| status.code().unwrap())
    }

    /// Its exit code; it must end within this.
    pub(crate) fn ends(&mut self, within: Duration) -> Option<i32> {
        eventually("the end of a process", within, || self.0.try_wait().unwrap()).code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn send_signal(pid: u64, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

/// Asks again and again, until there is an answer.
pub(crate) fn eventually<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + within;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what}: not within {within:?}");
        thread::sleep(Duration::from_millis(20));
    }
}
