use super::*;

const KILL: &str = r#"{"at":2000,"fault":{"kind":"kill","validator":2,"downMs":1500}}"#;
const CUT: &str = r#"{"at":8000,"fault":{"kind":"partition","cuts":"0,1/2,3","ms":5000}}"#;

fn refused(text: &str) -> String {
    parse_plan(text, (4, 4)).unwrap_err().to_string()
}

#[test]
fn a_plan_is_an_array_or_lines_or_what_a_run_printed() {
    let expected = vec![
        Step { at: 2000, fault: Fault::Kill { validator: 2, down_ms: 1500 } },
        Step { at: 8000, fault: Fault::Partition { cuts: "0,1/2,3".to_owned(), ms: 5000 } },
    ];
    let texts = [
        format!("[{KILL},{CUT}]"),
        format!("{KILL}\n\n{CUT}\n"),
        format!(r#"{{"seed":1,"timeline":[{KILL},{CUT}],"checks":[]}}"#),
    ];
    for text in texts {
        assert_eq!(parse_plan(&text, (4, 4)).unwrap(), expected, "{text}");
    }
    assert_eq!(parse_plan(KILL, (4, 4)).unwrap(), expected[..1]);
    assert_eq!(parse_plan("", (4, 4)).unwrap(), []);
}

#[test]
fn every_drawn_plan_can_be_written_and_read_back() {
    for seed in 0..50 {
        let mut draw = crate::chaos::Draw::new(seed, (4, 4));
        let steps: Vec<Step> =
            (0..100).map(|number| Step { at: number * 1000, fault: draw.fault() }).collect();
        let text = serde_json::to_string(&steps).unwrap();
        assert_eq!(parse_plan(&text, (4, 4)).unwrap(), steps);
    }
}

#[test]
fn a_partition_leaves_a_quorum_when_all_its_cuts_are_of_one() {
    let leaves = |cuts: &str| Fault::Partition { cuts: cuts.to_owned(), ms: 1 }.leaves_quorum(4);
    assert!(leaves("0/1,2,3") && leaves("1,2,3>0") && leaves("2/3") && leaves("0>1"));
    assert!(!leaves("0,1/2,3") && !leaves("0/1/2,3"));
    assert!(!Fault::PowerLoss { down_ms: 1 }.leaves_quorum(4));
    let under = |cuts: &str, loss_percent| {
        let fault = Box::new(Fault::Kill { validator: 0, down_ms: 1 });
        Fault::Under { cuts: cuts.to_owned(), delay_ms: 50, loss_percent, fault }.leaves_quorum(4)
    };
    assert!(under("", 5) && !under("", 50) && !under("1/2", 0));
}

#[test]
fn a_partition_denies_a_quorum_when_no_set_that_is_still_joined_has_more_than_half() {
    let denies = |cuts: &str| Fault::Partition { cuts: cuts.to_owned(), ms: 1 }.denies_quorum(4);
    assert!(denies("0,1/2,3") && denies("0/1/2,3") && denies("0/1/2/3"));
    // One way is enough for votes to come together; 1 may still join 0 to the others.
    assert!(!denies("0,1>2,3") && !denies("0/1,2,3") && !denies("0/2,3") && !denies("0/1"));
    assert!(!Fault::PowerLoss { down_ms: 1 }.denies_quorum(4));
}

#[test]
fn what_is_no_plan_is_refused_with_the_step() {
    assert!(refused("kill 2").starts_with("plan: found"));
    assert!(refused(r#"{"at":0,"fault":{"kind":"melt"}}"#).contains("unknown variant `melt`"));
    let extra = r#"{"at":0,"fault":{"kind":"kill","validator":0,"downMs":1,"twice":true}}"#;
    assert!(refused(extra).contains("twice"));
    let beyond = format!("{KILL}\n{}", CUT.replace("2,3", "2,4"));
    assert!(refused(&beyond).contains("step 2,"), "{}", refused(&beyond));
    assert!(refused(&KILL.replace("2,", "4,")).contains("a validator from 0 to 3"));
    assert!(refused(&KILL.replace("1500", "600001")).contains("downMs up to 600000"));
    assert!(refused(&format!("{CUT}\n{KILL}")).contains("ascending times"));
    let under = |fault: &str| {
        format!(
            r#"{{"at":0,"fault":{{"kind":"under","cuts":"","delayMs":9,"lossPercent":1,"fault":{fault}}}}}"#
        )
    };
    let kill = r#"{"kind":"kill","validator":2,"downMs":1500}"#;
    assert_eq!(parse_plan(&under(kill), (4, 4)).unwrap().len(), 1);
    assert!(refused(&under(&kill.replace("2,", "4,"))).contains("a validator from 0 to 3"));
    let cut = r#"{"kind":"partition","cuts":"0/1","ms":5}"#;
    assert!(refused(&under(cut)).contains("a fault of processes under one of links"));
}
