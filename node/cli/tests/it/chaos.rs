//! `heddle localnet chaos`: a short plan of every kind of fault, and what is no run.

use std::fs;

use serde_json::Value;
use serde_json::json;

use super::heddle;
use super::net::Net;

/// One fault of each kind, as close together as they can be.
const PLAN: &str = r#"
{"at":1000,"fault":{"kind":"kill","validator":2,"downMs":300}}
{"at":1000,"fault":{"kind":"pause","validator":1,"ms":800}}
{"at":1000,"fault":{"kind":"storm","validator":1,"restarts":2}}
{"at":1000,"fault":{"kind":"partition","cuts":"0,1/2,3","ms":1500}}
{"at":1000,"fault":{"kind":"partition","cuts":"0>1,2,3","ms":800}}
{"at":1000,"fault":{"kind":"latency","delayMs":30,"jitterMs":10,"lossPercent":2,"ms":1500}}
{"at":1000,"fault":{"kind":"clock","validator":0,"offsetMs":-700,"ms":500}}
{"at":1000,"fault":{"kind":"diskFull","validator":3}}
{"at":1000,"fault":{"kind":"damageDb","validator":3,"seed":7,"bytes":5}}
{"at":1000,"fault":{"kind":"damageSafety","validator":0,"seed":7}}
{"at":1000,"fault":{"kind":"emptyDb","validator":3}}
{"at":1000,"fault":{"kind":"powerLoss","downMs":100}}
{"at":1000,"fault":{"kind":"under","cuts":"0>1","delayMs":20,"lossPercent":1,"fault":{"kind":"kill","validator":2,"downMs":100}}}
"#;

#[test]
fn every_check_holds_after_every_kind_of_fault() {
    let net = Net::init();
    let plan = format!("{}.plan", net.home);
    fs::write(&plan, PLAN).unwrap();
    let said = net.try_localnet(&["chaos", "--plan", &plan, "--seed", "1"]);
    assert_eq!(said.code, 0, "{} {}", said.stdout, said.stderr);
    let report = said.json();
    assert_eq!((&report["seed"], &report["faults"]), (&json!(1), &json!(13)));
    assert!(report["finalHeight"].as_u64() > Some(12), "{report}");
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() >= 10 && checks.iter().all(|check| check["ok"] == true), "{report}");
    assert_eq!(net.pids(), vec![None; 4]);

    // What it printed is a plan, in the same order.
    let kinds = |steps: &[Value]| {
        steps.iter().map(|step| step["fault"]["kind"].clone()).collect::<Vec<_>>()
    };
    let planned: Vec<Value> =
        PLAN.trim().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(kinds(report["timeline"].as_array().unwrap()), kinds(&planned));
    assert_eq!(
        heddle(&["node", "export-evidence", "--home", &net.validator(0), "--json"]).json(),
        json!({ "chainId": net.chain(), "evidence": [] })
    );
}

#[test]
fn a_run_that_cannot_be_is_bad_usage() {
    let net = Net::init();
    let plan = format!("{}.plan", net.home);
    let refused = |text: &str| {
        fs::write(&plan, text).unwrap();
        let said = net.try_localnet(&["chaos", "--plan", &plan]);
        assert_eq!(said.code, 2, "{text}: {}", said.stderr);
        said.stderr
    };
    assert!(refused("kill everything").contains("plan: found"));
    let beyond = r#"{"at":0,"fault":{"kind":"emptyDb","validator":4}}"#;
    assert!(refused(beyond).contains("a validator from 0 to 3"));
    assert_eq!(net.try_localnet(&["chaos", "--random"]).code, 2);
    assert_eq!(net.try_localnet(&["chaos", "--duration", "1s"]).code, 2);
    assert_eq!(net.try_localnet(&["chaos", "--plan", "/nowhere"]).code, 2);
}
