use heddle_types::PublicKey;

use super::jittered;
use crate::limits;

#[test]
fn pauses_grow_from_the_least_to_the_most_and_differ_between_pairs() {
    let keys = [PublicKey([1; 32]), PublicKey([2; 32]), PublicKey([3; 32])];
    let pause = |failures| jittered(failures, &keys[0], &keys[1]);
    assert!(pause(1) >= limits::BACKOFF_MIN * 3 / 4);
    assert!(pause(1) <= limits::BACKOFF_MIN * 5 / 4);
    assert!(pause(3) > pause(1));
    assert!(pause(1000) >= limits::BACKOFF_MAX * 3 / 4);
    assert!(pause(1000) <= limits::BACKOFF_MAX * 5 / 4);
    assert_eq!(pause(4), pause(4));
    assert_ne!(pause(4), jittered(4, &keys[0], &keys[2]));
}
