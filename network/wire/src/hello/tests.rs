use bytes::Bytes;
use heddle_types::ChainId;
use heddle_types::Hash32;

use super::Hello;
use super::HelloError;
use super::InstanceId;
use super::PROTOCOL_VERSION;
use super::Purpose;
use super::Session;
use super::SessionEvent;
use crate::channel::Channel;

const CHAIN: ChainId = ChainId(Hash32([0xC1; 32]));
const CTL: Purpose = Purpose::Channel(Channel::Ctl);

fn hello(purpose: Purpose) -> Hello {
    Hello { chain: CHAIN, instance: InstanceId(0x0102_0304_0506_0708), purpose }
}

fn frame(hello: &Hello) -> Bytes {
    Bytes::copy_from_slice(&hello.encode())
}

#[test]
fn golden() {
    let expected =
        [b"heddle/hello/1\0\0".as_slice(), &[3, 0], &[0xC1; 32], &[8, 7, 6, 5, 4, 3, 2, 1], &[0]]
            .concat();
    assert_eq!(hello(CTL).encode().as_slice(), expected);
    for (purpose, tag) in
        [(CTL, 0), (Purpose::Channel(Channel::Bulk), 1), (Purpose::Probe, 2), (Purpose::Public, 3)]
    {
        assert_eq!(hello(purpose).encode()[58], tag);
        assert_eq!(Hello::decode(&hello(purpose).encode()), Ok(hello(purpose)));
    }
}

#[test]
fn truncated_extended_and_altered_hellos_are_refused() {
    let good = hello(CTL).encode();
    for len in 0..good.len() {
        assert_eq!(Hello::decode(&good[..len]), Err(HelloError::Malformed { len }));
    }
    let longer = [good.as_slice(), &[0]].concat();
    assert_eq!(Hello::decode(&longer), Err(HelloError::Malformed { len: 60 }));
    for at in (0..16).chain([58]) {
        let mut bad = good;
        bad[at] ^= 0x80;
        assert_eq!(Hello::decode(&bad), Err(HelloError::Malformed { len: 59 }), "byte {at}");
    }
}

#[test]
fn another_version_is_told_apart_from_nonsense_whatever_follows_it() {
    let mut other = hello(CTL).encode();
    other[16] = 4;
    assert_ne!(PROTOCOL_VERSION, 4);
    assert_eq!(Hello::decode(&other[..40]), Err(HelloError::Version { found: 4 }));
}

#[test]
fn a_session_opens_with_a_hello_and_passes_on_what_follows() {
    let mut session = Session::accepted(CHAIN);
    assert_eq!(session.on_frame(frame(&hello(CTL))), Ok(SessionEvent::Hello(hello(CTL))));
    let message = Bytes::from_static(b"anything");
    assert_eq!(session.on_frame(message.clone()), Ok(SessionEvent::Message(message)));
}

#[test]
fn a_session_refuses_another_chain_another_purpose_and_a_message_first() {
    let found = ChainId(Hash32([0xC2; 32]));
    let error = HelloError::Chain { found, expected: CHAIN };
    let other = Hello { chain: found, ..hello(CTL) };
    assert_eq!(Session::accepted(CHAIN).on_frame(frame(&other)), Err(error));
    let error = HelloError::Purpose { found: Purpose::Probe, expected: CTL };
    let other = hello(Purpose::Probe);
    assert_eq!(Session::dialled(CHAIN, CTL).on_frame(frame(&other)), Err(error));
    let message = Bytes::from_static(&[7; 9]);
    let error = HelloError::Malformed { len: 9 };
    assert_eq!(Session::accepted(CHAIN).on_frame(message), Err(error));
}
