use super::FrameError;
use super::FrameReader;

#[test]
fn frames_come_out_however_the_stream_is_cut() {
    let stream = [&[3, 0, 0, 0][..], b"abc", &[1, 0, 0, 0], b"d"].concat();
    for cut in 0..stream.len() {
        let mut reader = FrameReader::new(3);
        let mut frames = Vec::new();
        for part in [&stream[..cut], &stream[cut..]] {
            reader.push(part);
            while let Some(frame) = reader.next_frame().unwrap() {
                frames.push(frame);
            }
        }
        assert_eq!(frames, [b"abc".as_slice(), b"d"]);
        assert!(reader.is_empty());
    }
}

#[test]
fn a_frame_over_the_limit_is_refused_from_its_header_alone() {
    let mut reader = FrameReader::new(1000);
    reader.push(&1001_u32.to_le_bytes());
    assert_eq!(reader.next_frame(), Err(FrameError::TooLong { len: 1001, max: 1000 }));
    let mut reader = FrameReader::new(1000);
    reader.push(&u32::MAX.to_le_bytes());
    assert_eq!(reader.next_frame(), Err(FrameError::TooLong { len: u32::MAX, max: 1000 }));
}

#[test]
fn an_empty_frame_is_refused() {
    let mut reader = FrameReader::new(1000);
    reader.push(&[0; 4]);
    assert_eq!(reader.next_frame(), Err(FrameError::Empty));
}

#[test]
fn what_a_header_promises_is_not_reserved() {
    let mut reader = FrameReader::new(1 << 30);
    reader.push(&(1_u32 << 30).to_le_bytes());
    reader.push(&[1; 100]);
    assert_eq!(reader.next_frame(), Ok(None));
    assert!(reader.buffer.capacity() < 4096, "{}", reader.buffer.capacity());
}
