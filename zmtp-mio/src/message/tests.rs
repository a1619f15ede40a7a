//! Parts, bounds and memory of messages.

use super::*;

#[test]
fn parts_keep_their_bounds_across_the_inline_edge() {
    let sizes = [0, 1, 77, 78, 0, 79, 5_000, 0];
    let parts: Vec<_> = sizes.iter().map(|&n| vec![n as u8; n]).collect();
    let message = Message::from_parts(&parts);
    assert_eq!(message.part_count(), parts.len());
    assert!(message.parts().eq(parts.iter().map(Vec::as_slice)));
    assert_eq!(message.len(), sizes.iter().sum::<usize>());
    assert_eq!(message.clone(), message);
    assert_eq!(message.part(sizes.len()), None);
}

#[test]
fn one_empty_part_is_not_no_part() {
    assert_eq!(Message::from("").part_count(), 1);
    assert_eq!(Message::new().part_count(), 0);
    assert_ne!(Message::from(""), Message::new());
}

#[test]
fn a_vector_goes_in_and_out_without_a_copy() {
    let body = vec![7; 1_000];
    let place = body.as_ptr();
    let message = Message::from(body);
    assert_eq!(message.bytes(), [7; 1_000]);
    let body = message.into_vec();
    assert_eq!(body.as_ptr(), place);
}

#[test]
fn a_message_that_waits_keeps_no_buffer_that_is_far_too_large() {
    drop(Message::from(vec![0; 200_000]));
    let mut message = Message::new();
    message.push([7; 5_000]);
    assert!(message.room() > 100_000, "a buffer of another is used");
    message.settle();
    assert_eq!((message.bytes(), message.room()), (&[7; 5_000][..], 0));
    let mut other = Message::new();
    other.push([8; 150_000]);
    assert_eq!(other.room(), 50_000, "which the next one has");
    other.settle();
    assert_eq!(other.room(), 50_000);
}

#[test]
fn shared_bytes_are_copied_only_to_be_changed() {
    let mut message = Message::from(vec![7; 1_000]);
    message.share();
    let mut copy = message.clone();
    assert_eq!(copy.bytes().as_ptr(), message.bytes().as_ptr());
    copy.push(b"more");
    assert_eq!((message.part_count(), copy.part_count()), (1, 2));
    assert_eq!((copy.part(0), copy.part(1)), (Some(message.bytes()), Some(&b"more"[..])));
    let place = message.bytes().as_ptr();
    let bytes = message.into_vec();
    assert_eq!(bytes.as_ptr(), place, "the last one keeps them");
    copy.share();
    copy.clear();
    assert_eq!((copy.len(), copy.part_count()), (0, 0));
}

#[test]
fn the_first_part_is_removed_without_moving_the_others() {
    for size in [3, 500] {
        let body = vec![7; size];
        let mut message = Message::from_parts([&b"id"[..], b"", &body]);
        let place = message.part(2).unwrap().as_ptr();
        message.remove_first();
        assert_eq!(message, Message::from_parts([&b""[..], &body]));
        assert_eq!(message.part(1).unwrap().as_ptr(), place);
        assert_eq!((message.len(), message.bytes()), (size, &body[..]));
        message.push(b"more");
        assert_eq!(message.clone().into_vec(), [&body[..], b"more"].concat());
        message.remove_first();
        message.remove_first();
        assert_eq!(message.text(), Ok("more"));
        message.remove_first();
        assert_eq!(message, Message::new());
    }
}

#[test]
fn a_cleared_message_keeps_its_memory() {
    let mut message = Message::from(vec![1; 1_000]);
    message.clear();
    assert_eq!((message.len(), message.part_count()), (0, 0));
    assert!(message.room() >= 1_000);
    message.push(b"next");
    assert_eq!(message.bytes(), b"next");
}
