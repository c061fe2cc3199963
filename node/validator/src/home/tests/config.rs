use super::config;
use super::key;
use crate::home::Config;
use crate::home::ExecutionChoice;

const GOOD: &str = "rpc = \"127.0.0.1:1\"\nquic = \"127.0.0.1:2\"\n";

fn check(text: &str, field: &str, found: &str) {
    let error = Config::parse(text.as_bytes()).expect_err(text);
    assert_eq!(error.field, field, "{text}: {error}");
    assert!(error.found.contains(found), "{text}: {error}");
}

fn check_line(line: &str, field: &str, found: &str) {
    check(&format!("{GOOD}{line}\n"), field, found);
}

#[test]
fn a_config_that_was_written_reads_back_equal() {
    assert_eq!(Config::parse(config().to_toml().as_bytes()), Ok(config()));
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = Config::parse(GOOD.as_bytes()).unwrap();
    assert_eq!(config.idle_interval, Config::IDLE_DEFAULT);
    assert_eq!((config.threads, config.block_transactions), (None, None));
    assert_eq!(config.peers.len(), 0);
    assert_eq!(config.execution, ExecutionChoice::Auto);
    assert_eq!(config.keeping.interval(), None);
}

#[test]
fn a_node_that_prunes_takes_snapshots() {
    let interval = |line: &str| {
        let config = Config::parse(format!("{GOOD}{line}\n").as_bytes()).unwrap();
        config.keeping.interval().map(std::num::NonZeroU64::get)
    };
    assert_eq!(interval("prune = 2000"), Some(2000));
    assert_eq!(interval("prune = 2000\nsnapshot_interval = 500"), Some(500));
    assert_eq!(interval("snapshot_interval = 7"), Some(7));
}

#[test]
fn every_way_to_execute_is_written_as_it_is_read() {
    for execution in [ExecutionChoice::Auto, ExecutionChoice::Sequential, ExecutionChoice::Declared]
    {
        let config = Config { execution, ..config() };
        assert_eq!(Config::parse(config.to_toml().as_bytes()), Ok(config));
    }
}

#[test]
fn the_wrong_field_is_named() {
    check("quic = \"127.0.0.1:2\"", "rpc", "nothing");
    check("rpc = \"127.0.0.1:1\"", "quic", "nothing");
    check("rpc = 26000\nquic = \"127.0.0.1:2\"", "rpc", "26000");
    check("rpc = \"localhost\"\nquic = \"127.0.0.1:2\"", "rpc", "localhost");
    check("rpc = \"127.0.0.1:0\"\nquic = \"127.0.0.1:2\"", "rpc", ":0");
    check("rpc = \"127.0.0.1:65536\"\nquic = \"127.0.0.1:2\"", "rpc", ":65536");
    check_line("rcp = 1", "rcp", "unknown");
    check_line("threads = 0", "threads", "0");
    check_line("threads = -1", "threads", "-1");
    check_line("threads = 1025", "threads", "1025");
    check_line("threads = 99999999999999999", "threads", "99999999999999999");
    check_line("threads = 1.5", "threads", "1.5");
    check_line("threads = \"2\"", "threads", "\"2\"");
    check_line("block_transactions = 0", "block_transactions", "0");
    check_line("block_transactions = 10001", "block_transactions", "10001");
    check_line("execution = \"fast\"", "execution", "\"fast\"");
    check_line("execution = \"Auto\"", "execution", "\"Auto\"");
    check_line("execution = 2", "execution", "2");
    check_line("idle_interval = \"1\"", "idle_interval", "\"1\"");
    check_line("idle_interval = 1", "idle_interval", "1");
    check_line("idle_interval = \"-1s\"", "idle_interval", "-1s");
    check_line("idle_interval = \"9ms\"", "idle_interval", "9ms");
    check_line("idle_interval = \"61m\"", "idle_interval", "61m");
    check_line("idle_interval = \"99999999999999999999h\"", "idle_interval", "9999h");
    check_line("log_level = \"loud\"", "log_level", "loud");
    check_line("sync = \"fast\"", "sync", "fast");
    check_line("prune = 1023", "prune", "1023");
    check_line("prune = true", "prune", "true");
    check_line("snapshot_interval = 0", "snapshot_interval", "0");
    check_line("snapshot_interval = \"1h\"", "snapshot_interval", "1h");
    check_line("rpc_hosts = [\"a b\"]", "rpc_hosts[0]", "a b");
    check_line("rpc_hosts = \"a\"", "rpc_hosts", "\"a\"");
    check_line("peers = 3", "peers", "3");
    check_line("peers = [1]", "peers[0]", "1");
    check_line("peers = [{}]", "peers[0].public_key", "nothing");
    check_line("peers = [{quic = \"127.0.0.1:2\", key = 1}]", "peers[0].key", "unknown");
    check_line("peers = [{public_key = \"ab\"}]", "peers[0].public_key", "\"ab\"");
}

#[test]
fn a_peer_stands_in_the_list_once() {
    let peer = format!("{{public_key = \"{}\", quic = \"127.0.0.1:5\"}}", key(2).public_key());
    check_line(&format!("peers = [{peer}, {peer}]"), "peers[1].public_key", "");
}

#[test]
fn more_peers_than_a_committee_has_are_refused_unread() {
    let many = "1,".repeat(51);
    check_line(&format!("peers = [{many}]"), "peers", "51 items");
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    check(&format!("{GOOD}threads = = 2"), "", "line 3");
    check(&format!("{GOOD}rpc = \"127.0.0.1:3\""), "", "line 3");
    assert!(Config::parse(b"rpc = \"\xff\"").is_err());
}

#[test]
fn deep_nesting_is_refused_and_ends() {
    let deep = format!("{GOOD}peers = {}{}", "[".repeat(50_000), "]".repeat(50_000));
    assert!(Config::parse(deep.as_bytes()).is_err());
}
