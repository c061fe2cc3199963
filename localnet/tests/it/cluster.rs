use std::fs;
use std::net::TcpListener;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use heddle_clearing::ClearingGenesis;
use heddle_ledger::LedgerGenesis;
use heddle_localnet::cluster::Cluster;
use heddle_localnet::cluster::ClusterError;
use heddle_localnet::cluster::Manifest;
use heddle_localnet::cluster::Settings;
use heddle_localnet::cluster::State;
use heddle_localnet::cluster::Stopped;
use heddle_localnet::cluster::VoteScheme;
use heddle_localnet::cluster::Wanted;
use heddle_types::Amount;
use heddle_types::Millis;
use heddle_types::ProgramId;
use heddle_types::decode_exact;
use tempfile::TempDir;

fn settings() -> Settings {
    Settings { validators: 3, port_base: 0, accounts: 2, ..Settings::default() }
}

fn cluster() -> (TempDir, Cluster) {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::init(&dir.path().join("net"), &settings()).unwrap();
    (dir, cluster)
}

/// Cargo builds examples before it runs tests, beside the directory of this test.
fn fake_node() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(|deps| deps.parent()).unwrap();
    target.join("examples").join("fake_node")
}

fn manifest(cluster: &Cluster) -> Manifest {
    serde_json::from_slice(&fs::read(cluster.dir().join("localnet.json")).unwrap()).unwrap()
}

fn behave(cluster: &Cluster, index: u16, how: &str) {
    fs::write(cluster.dir().join(format!("validator-{index}")).join("behave"), how).unwrap();
}

fn never() -> bool {
    false
}

/// Clusters that run take turns: two that were made at the same time could have found the same ports free.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_new_cluster_has_homes_accounts_and_a_manifest() {
    let (_dir, cluster) = cluster();
    let manifest = manifest(&cluster);
    assert_eq!(manifest.chain_id, cluster.genesis().chain_id().to_string());
    let names: Vec<_> = manifest.accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(names, ["alice", "bob", "faucet"]);
    let amounts: Vec<_> = cluster.genesis().accounts.iter().map(|a| a.amount.get()).collect();
    assert_eq!(amounts.iter().sum::<u128>(), 1_002_300_000_000_000_000);
    let ledger: LedgerGenesis = decode_exact(cluster.genesis().section(ProgramId::LEDGER)).unwrap();
    let [usd] = &ledger.assets[..] else { panic!("one asset") };
    assert_eq!((usd.asset.to_string().as_str(), usd.decimals), ("USD", 6));
    let vault = usd.balances.iter().find(|a| a.address == heddle_clearing::vault()).unwrap();
    // Two accounts, the market maker and its taker, and the insurance fund.
    assert_eq!(
        vault.amount,
        Amount::from_units((2 * 100_000 + 2 * 10_000_000 + 1_000_000) * 1_000_000)
    );
    let others = usd.balances.iter().filter(|a| a.address != vault.address);
    assert!(others.clone().all(|a| a.amount == Amount::from_units(1_000_000_000_000)));
    assert_eq!((others.count(), usd.authority), (3, cluster.genesis().faucet));
    let clearing: ClearingGenesis =
        decode_exact(cluster.genesis().section(ProgramId::CLEARING)).unwrap();
    let alice = clearing.accounts.iter().find(|a| a.address == cluster.accounts()[0].address);
    assert_eq!(alice.unwrap().amount, Amount::from_units(100_000_000_000));
    assert_eq!(manifest.feed.pid, None);
    assert_eq!(cluster.genesis().faucet, Some(cluster.accounts()[2].address));
    assert_eq!((manifest.pid, manifest.validators.len()), (None, 3));
    assert!(manifest.validators.iter().all(|validator| validator.pid.is_none()));
}

#[test]
fn two_clusters_have_different_chains() {
    assert_ne!(cluster().1.genesis().chain_id(), cluster().1.genesis().chain_id());
}

#[test]
fn ports_are_ten_apart_from_the_base() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { port_base: 4000, ..settings() };
    let cluster = Cluster::init(dir.path(), &settings).unwrap();
    let ports = manifest(&cluster).validators;
    let ports: Vec<_> = ports.iter().map(|v| (v.rpc.as_str(), v.quic.as_str())).collect();
    assert_eq!(
        ports,
        [
            ("http://127.0.0.1:4000", "127.0.0.1:4001"),
            ("http://127.0.0.1:4010", "127.0.0.1:4011"),
            ("http://127.0.0.1:4020", "127.0.0.1:4021"),
        ]
    );
}

#[test]
fn a_cluster_is_not_made_over_another() {
    let (_dir, cluster) = cluster();
    let error = Cluster::init(cluster.dir(), &settings()).unwrap_err();
    assert!(matches!(error, ClusterError::Exists { .. }), "{error}");
}

#[test]
fn another_setting_than_it_was_made_with_is_named() {
    let check = |wanted: Wanted, name: &str| {
        let error = wanted.check_against(&settings()).unwrap_err();
        assert!(error.to_string().starts_with(&format!("--{name}: ")), "{error}");
        assert_eq!(error.exit_code(), 2);
    };
    let none = Wanted::default;
    assert!(none().check_against(&settings()).is_ok());
    assert!(Wanted { validators: Some(3), ..none() }.check_against(&settings()).is_ok());
    check(Wanted { validators: Some(4), ..none() }, "validators");
    check(Wanted { port_base: Some(26_000), ..none() }, "port-base");
    check(Wanted { accounts: Some(3), ..none() }, "accounts");
    check(Wanted { threads: 2.try_into().ok(), ..none() }, "threads");
    check(Wanted { idle_interval: Some(Millis::new(1)), ..none() }, "idle-interval");
    check(Wanted { vote_scheme: Some(VoteScheme::Bls), ..none() }, "vote-scheme");
}

#[test]
fn validators_that_vote_with_bls_keys_prove_that_they_hold_them() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { vote_scheme: VoteScheme::Bls, ..settings() };
    let cluster = Cluster::init(&dir.path().join("net"), &settings).unwrap();
    assert_eq!(Cluster::open(cluster.dir()).unwrap().settings(), &settings);
    let home = cluster.dir().join("validator-0");
    let genesis = heddle_validator::home::read_genesis(&home.join("genesis.json")).unwrap();
    assert_eq!(genesis.possessions.len(), 3);
    assert!(genesis.committee().unwrap().has_vote_keys());
    let key = heddle_validator::home::KeyFile::read(&home.join("key.json")).unwrap();
    let (vote_key, _) = VoteScheme::Bls.vote_key(&key).unwrap();
    assert_eq!(genesis.validators[0].vote_key, Some(vote_key));
    assert_eq!(VoteScheme::Ed25519.vote_key(&key), None);
}

#[test]
fn settings_that_no_cluster_can_have_are_named() {
    let check = |settings: Settings, name: &str| {
        let dir = tempfile::tempdir().unwrap();
        let error = Cluster::init(dir.path(), &settings).unwrap_err();
        assert!(error.to_string().starts_with(&format!("--{name}: ")), "{error}");
        assert!(!Cluster::exists(dir.path()));
    };
    check(Settings { validators: 0, ..settings() }, "validators");
    check(Settings { validators: 51, ..settings() }, "validators");
    check(Settings { accounts: 0, ..settings() }, "accounts");
    check(Settings { accounts: 1001, ..settings() }, "accounts");
    check(Settings { port_base: 65_530, ..settings() }, "port-base");
    check(Settings { idle_interval: Millis::new(0), ..settings() }, "idle-interval");
}

#[test]
fn damaged_settings_are_refused_by_name() {
    for (text, field) in [
        ("", "one JSON document"),
        ("{\"validators\":3,\"more\":1}", "more"),
        ("{\"validators\":\"3\"}", "validators"),
        ("{\"validators\":99999999999}", "validators"),
    ] {
        let (_dir, cluster) = cluster();
        fs::write(cluster.dir().join("settings.json"), text).unwrap();
        let error = Cluster::open(cluster.dir()).unwrap_err().to_string();
        assert!(error.contains(field) && error.contains("settings.json"), "{error}");
    }
}

#[test]
fn a_port_in_use_is_named_and_nothing_is_started() {
    let _turn = turn();
    let (_dir, cluster) = cluster();
    let address = cluster.rpc_url(1).unwrap().replace("http://", "");
    let taken = TcpListener::bind(&address).unwrap();
    let error = cluster.clone().start(&fake_node(), never).unwrap_err();
    let port = taken.local_addr().unwrap().port();
    assert!(matches!(error, ClusterError::PortInUse { port: found, .. } if found == port));
    assert_eq!(error.exit_code(), 2);
    drop(taken);
    let taken = UdpSocket::bind(manifest(&cluster).validators[2].quic.as_str()).unwrap();
    let error = cluster.clone().start(&fake_node(), never).unwrap_err();
    assert!(error.to_string().contains(&taken.local_addr().unwrap().port().to_string()), "{error}");
    assert_eq!(cluster.pids(), [None, None, None]);
}

#[test]
fn a_cluster_starts_runs_once_and_ends() {
    let _turn = turn();
    let (_dir, cluster) = cluster();
    let running = cluster.clone().start(&fake_node(), never).unwrap();
    let pids = cluster.pids();
    assert!(pids.iter().all(Option::is_some));
    assert_eq!(&manifest(&cluster), running.manifest());
    assert_eq!(manifest(&cluster).pid, Some(std::process::id()));
    assert_eq!(manifest(&cluster).validators.iter().map(|v| v.pid).collect::<Vec<_>>(), pids);
    let error = cluster.clone().start(&fake_node(), never).unwrap_err();
    assert!(matches!(error, ClusterError::Running { .. }), "{error}");
    let error = Cluster::reset(cluster.dir(), None).unwrap_err();
    assert!(matches!(error, ClusterError::Running { .. }), "{error}");
    running.end().unwrap();
    assert_eq!(cluster.pids(), [None, None, None]);
    assert_eq!(manifest(&cluster), cluster.manifest());
    assert_eq!(manifest(&cluster).pid, None);
}

#[test]
fn validators_can_be_killed_started_paused_and_resumed() {
    let _turn = turn();
    let (_dir, cluster) = cluster();
    let mut running = cluster.clone().start(&fake_node(), never).unwrap();
    let states = |cluster: &Cluster| {
        cluster.status().unwrap().validators.iter().map(|v| v.state).collect::<Vec<_>>()
    };
    assert_eq!(states(&cluster), [State::Up; 3]);

    let killed = cluster.kill(1).unwrap();
    running.refresh().unwrap();
    assert_eq!(states(&cluster), [State::Up, State::Down, State::Up]);
    assert_eq!(manifest(&cluster).validators[1].pid, None);
    assert!(matches!(cluster.kill(1), Err(ClusterError::NotRunning { index: 1 })));

    let started = cluster.start_one(1, &fake_node()).unwrap();
    assert_ne!(started, killed);
    assert_eq!(manifest(&cluster).validators[1].pid, Some(started));
    let error = cluster.start_one(1, &fake_node()).unwrap_err();
    assert_eq!(error.exit_code(), 1, "{error}");

    cluster.pause(2).unwrap();
    assert_eq!(states(&cluster), [State::Up, State::Up, State::Paused]);
    cluster.resume(2).unwrap();
    assert_eq!(states(&cluster), [State::Up; 3]);
    cluster.pause(0).unwrap();
    running.end().unwrap();
    assert_eq!(cluster.pids(), [None, None, None]);
}

#[test]
fn a_validator_that_ends_at_once_gives_its_exit_code() {
    let _turn = turn();
    let (_dir, cluster) = cluster();
    behave(&cluster, 2, "exit 6");
    let error = cluster.clone().start(&fake_node(), never).unwrap_err();
    assert_eq!(error.exit_code(), 6, "{error}");
    assert!(error.to_string().contains("error: 6 told to end"), "{error}");
    assert_eq!(cluster.pids(), [None, None, None]);
    assert_eq!(cluster.start_one(2, &fake_node()).unwrap_err().exit_code(), 6);
}

#[test]
fn stop_ends_validators_whose_parent_is_gone_and_deaf_ones_too() {
    let _turn = turn();
    let (_dir, cluster) = cluster();
    behave(&cluster, 1, "deaf");
    let running = cluster.clone().start(&fake_node(), never).unwrap();
    drop(running);
    assert!(cluster.pids().iter().all(Option::is_some));
    let error = cluster.clone().start(&fake_node(), never).unwrap_err();
    assert!(matches!(error, ClusterError::ValidatorRunning { index: 0, .. }), "{error}");
    let begun = Instant::now();
    assert_eq!(cluster.stop().unwrap(), Stopped::Running);
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!(cluster.pids(), [None, None, None]);
    assert_eq!(cluster.stop().unwrap(), Stopped::Nothing);
}

#[test]
fn faults_reach_a_node_that_was_started_by_hand() {
    let _turn = turn();
    let (_dir, cluster) = cluster();
    let mut by_hand = Command::new(fake_node())
        .args(["node", "run", "--home", "net/validator-0"])
        .current_dir(cluster.dir().parent().unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while cluster.pids()[0].is_none() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(cluster.kill(0).unwrap(), by_hand.id());
    by_hand.wait().unwrap();
}

#[test]
fn a_number_in_a_lock_file_is_not_believed() {
    let (_dir, cluster) = cluster();
    let mut innocent = Command::new("sleep").arg("60").spawn().unwrap();
    let lock = cluster.dir().join("validator-0").join("lock");
    fs::write(lock, format!("{}\n", innocent.id())).unwrap();
    assert!(matches!(cluster.kill(0), Err(ClusterError::NotRunning { .. })));
    assert_eq!(cluster.stop().unwrap(), Stopped::Nothing);
    assert!(innocent.try_wait().unwrap().is_none());
    innocent.kill().unwrap();
    innocent.wait().unwrap();
}

#[test]
fn a_reset_makes_another_chain_with_the_same_settings_and_keeps_what_is_not_its_own() {
    let (_dir, cluster) = cluster();
    let note = cluster.dir().join("note.txt");
    fs::write(&note, "mine").unwrap();
    let fresh = Cluster::reset(cluster.dir(), None).unwrap();
    assert_ne!(fresh.genesis().chain_id(), cluster.genesis().chain_id());
    assert_eq!(fresh.settings(), cluster.settings());
    assert_eq!(fs::read_to_string(note).unwrap(), "mine");
}
