use super::heddle;

const COMMANDS: [&str; 62] = [
    "",
    "localnet",
    "localnet start",
    "localnet init",
    "localnet status",
    "localnet stop",
    "localnet reset",
    "localnet kill",
    "localnet start-one",
    "localnet pause",
    "localnet resume",
    "node",
    "node run",
    "node verify",
    "keys",
    "keys new",
    "keys show",
    "account",
    "transfer",
    "tx",
    "tx build",
    "tx build transfer",
    "tx sign",
    "tx send",
    "tx show",
    "tx simulate",
    "block",
    "query",
    "light",
    "light init",
    "light follow",
    "light query",
    "light account",
    "completions",
    "localnet feed",
    "market",
    "market trades",
    "market funding",
    "market liquidations",
    "order",
    "order buy",
    "order sell",
    "order list",
    "order cancel",
    "order cancel-all",
    "order cancel-after",
    "order amend",
    "position",
    "position deposit",
    "position withdraw",
    "position agent",
    "position agent add",
    "position agent revoke",
    "validator",
    "validator list",
    "validator prove",
    "validator join",
    "validator leave",
    "validator power",
    "validator rotate",
    "validator address",
    "validator authority",
];

#[test]
fn every_command_has_help_with_an_example_and_json() {
    for command in COMMANDS {
        let mut args: Vec<&str> = command.split_whitespace().collect();
        args.push("--help");
        let said = heddle(&args);
        assert_eq!(said.code, 0, "{command}: {}", said.stderr);
        let example = format!("Example:\n  {}", format!("heddle {command}").trim_end());
        assert!(said.stdout.contains(&example), "{command}: {}", said.stdout);
        assert!(said.stdout.contains("--json"), "{command}: {}", said.stdout);
    }
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let said = heddle(&["completions", shell]);
        assert_eq!(said.code, 0);
        assert!(said.stdout.contains("start-one"), "{shell}");
    }
    assert!(heddle(&["completions", "bash", "--json"]).field("script").contains("heddle"));
}
