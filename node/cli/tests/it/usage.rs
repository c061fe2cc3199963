use super::fails;
use super::heddle;

const KEY: &str = "0000000000000000000000000000000000000000000000000000000000000001";

#[test]
fn what_is_no_command_is_bad_usage() {
    fails(2, &["nonsense"], &["nonsense"]);
    fails(2, &["block", "latest", "--nonsense"], &["--nonsense"]);
    fails(2, &["localnet", "kill"], &["<I>"]);
    fails(2, &["localnet", "kill", "-1"], &["-1"]);
    fails(2, &["localnet", "init", "--validators", "many"], &["many", "--validators"]);
    fails(2, &["localnet", "init", "--idle-interval", "1"], &["--idle-interval", "250ms"]);
    fails(2, &["localnet", "init", "--port-base", "70000"], &["70000"]);
    fails(2, &["localnet", "start", "--duration", "soon"], &["soon"]);
    fails(2, &["localnet", "start", "--threads", "0"], &["--threads"]);
}

#[test]
fn addresses_heights_keys_and_programs_are_read_strictly() {
    fails(2, &["account", "xyz"], &["64"]);
    fails(2, &["account", &format!("{KEY}00")], &["66 hex digits"]);
    fails(2, &["account", &KEY.replace('1', "g")], &["character 63"]);
    fails(2, &["block", "-1"], &["-1"]);
    fails(2, &["block", "9007199254740992"], &["2^53"]);
    fails(2, &["block", "first"], &["latest"]);
    fails(2, &["query", "nobody", "00"], &["nobody"]);
    fails(2, &["query", "4294967296", "00"], &["4294967296"]);
    fails(2, &["query", "1", "0"], &["hex"]);
    fails(2, &["query", "1", &"00".repeat(60)], &["60 bytes", "59"]);
}

#[test]
fn amounts_are_whole_base_units_or_decimal_whole_assets() {
    let transfer = |option: &str, amount: &str| {
        let args = ["transfer", "--from", "none.json", "--to", KEY, option, amount];
        fails(2, &args, &[option]);
    };
    for amount in ["1.5", "+1", "-1", "1e9", "", "0x1", "1_000"] {
        transfer("--amount", amount);
    }
    for amount in ["-1", "+1", "1e9", ".5", "1.", "", "1,5"] {
        transfer("--amount-ui", amount);
    }
    fails(2, &["transfer", "--from", "none.json", "--to", KEY], &["--amount"]);
    let both = ["--amount", "1", "--amount-ui", "1"];
    let both = [&["transfer", "--from", "none.json", "--to", KEY], both.as_slice()].concat();
    fails(2, &both, &["--amount"]);
}

#[test]
fn no_answer_is_exit_3_and_a_wrong_url_exit_2() {
    // Port 1 is nobody's.
    fails(3, &["block", "latest", "--rpc", "http://127.0.0.1:1"], &["127.0.0.1:1"]);
    fails(3, &["account", KEY, "--rpc", "http://127.0.0.1:1"], &["127.0.0.1:1"]);
    fails(2, &["block", "latest", "--rpc", "ftp://127.0.0.1"], &["ftp://127.0.0.1"]);
    fails(2, &["block", "latest", "--home", "/nonexistent"], &["/nonexistent"]);
}

#[test]
fn with_json_a_failure_is_one_document_on_stdout_too() {
    let cases: [(i32, &[&str]); 3] = [
        (2, &["nonsense", "--json"]),
        (2, &["keys", "show", "/nonexistent", "--json"]),
        (3, &["block", "latest", "--rpc", "http://127.0.0.1:1", "--json"]),
    ];
    for (code, args) in cases {
        let said = heddle(args);
        assert_eq!(said.code, code, "{args:?}");
        assert_eq!(said.json()["error"]["exitCode"], code, "{args:?}");
    }
}
