//! Parts, bounds and memory of messages.

use super::*;

#[test]
fn parts_keep_their_bounds_across_the_inline_edge() {
    let sizes = [0, 1, 77, 78, 0, 79, 5_000, 0];
    let parts: Vec<_> = sizes.iter().map(|&n| vec![n as u8; n]).collect();
    let message = Message::from_parts(&parts);
    assert_eq!(message.part_count(), parts.len());
    assert!(message.parts().eq(parts.iter().map(Vec::as_slice)));
    assert_eq!(message.byte_len(), sizes.iter().sum::<usize>());
    assert_eq!(message.clone(), message);
    assert_eq!(message.part(sizes.len()), None);
}

#[test]
fn one_empty_part_differs_from_no_part() {
    assert_eq!(Message::from("").part_count(), 1);
    assert_eq!(Message::new().part_count(), 0);
    assert_ne!(Message::from(""), Message::new());
}

#[test]
fn a_body_is_taken_with_its_buffer_and_keeps_the_parts_before_it() {
    for parts in [&[][..], &[&b"id"[..]], &[b"id", b"", b"x"], &[b"a", b"b", b"c", b"d", b"e"]] {
        let mut message = Message::from_parts(parts);
        message.begin_part();
        let buffer: Vec<u8> = (0..200).collect();
        let place = buffer.as_ptr_range();
        message.take_body(buffer, 40..190);
        let body: Vec<u8> = (40..190).collect();
        assert!(message.parts().eq(parts.iter().copied().chain([&body[..]])));
        assert!(place.contains(&message.part(parts.len()).unwrap().as_ptr()));
        message.push("after");
        assert_eq!(message.part(parts.len() + 1), Some(&b"after"[..]));
    }
}

#[test]
fn a_vector_is_converted_both_ways_without_a_copy() {
    let body = vec![7; 1_000];
    let place = body.as_ptr();
    let message = Message::from(body);
    assert_eq!(message.bytes().unwrap(), [7; 1_000]);
    let body = message.into_vec().unwrap();
    assert_eq!(body.as_ptr(), place);
}

#[test]
fn a_queued_message_keeps_no_buffer_that_is_much_too_large() {
    drop(Message::from(vec![0; 200_000]));
    let mut message = Message::new();
    message.push([7; 5_000]);
    assert!(message.room() > 100_000, "a buffer of another is used");
    message.settle();
    assert_eq!((message.bytes().unwrap(), message.room()), (&[7; 5_000][..], 0));
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
    assert_eq!(copy.bytes().unwrap().as_ptr(), message.bytes().unwrap().as_ptr());
    copy.push(b"more");
    assert_eq!((message.part_count(), copy.part_count()), (1, 2));
    assert_eq!((copy.part(0), copy.part(1)), (message.bytes(), Some(&b"more"[..])));
    let place = message.bytes().unwrap().as_ptr();
    let bytes = message.into_vec().unwrap();
    assert_eq!(bytes.as_ptr(), place, "the last one keeps them");
    copy.share();
    copy.clear();
    assert_eq!((copy.byte_len(), copy.part_count()), (0, 0));
}

#[test]
fn the_first_part_is_removed_without_moving_the_others() {
    for size in [3, 500] {
        let body = vec![7; size];
        let mut message = Message::from_parts([&b"id"[..], b"", &body]);
        let place = message.part(2).unwrap().as_ptr();
        message.remove_front(1);
        assert_eq!(message, Message::from_parts([&b""[..], &body]));
        assert_eq!(message.part(1).unwrap().as_ptr(), place);
        assert_eq!(message.byte_len(), size);
        message.push(b"more");
        assert_eq!(message.clone().into_vec().unwrap_err().message.part_count(), 3);
        assert_eq!(message, Message::from_parts([&b""[..], &body, b"more"]));
        message.remove_front(1);
        message.remove_front(1);
        assert_eq!(message.text(), Ok("more"));
        message.remove_front(1);
        assert_eq!(message, Message::new());
    }
}

#[test]
fn a_cleared_message_keeps_its_memory() {
    let mut message = Message::from(vec![1; 1_000]);
    message.clear();
    assert_eq!((message.byte_len(), message.part_count()), (0, 0));
    assert!(message.room() >= 1_000);
    message.push(b"next");
    assert_eq!(message.bytes().unwrap(), b"next");
}

#[test]
fn the_content_of_a_multipart_message_is_not_joined() {
    for message in [Message::new(), Message::from(["1", "2"])] {
        let n = message.part_count();
        assert_eq!(message.bytes(), None);
        assert_eq!(message.text(), Err(TextError::PartCount(n)));
        assert_eq!(*message.clone().into_string().unwrap_err().message, message);
        let error = message.clone().into_vec().unwrap_err();
        assert!(error.to_string().contains(&format!("{n} parts")), "{error}");
        assert_eq!(*error.message, message);
        #[cfg(feature = "json")]
        {
            let error = message.json::<u32>().unwrap_err();
            assert!(error.to_string().contains(&format!("{n} parts")), "{error}");
        }
    }
    let error = Message::from(b"a\xffb").into_string().unwrap_err();
    assert!(matches!(error.error, TextError::Utf8(_)));
    assert_eq!(error.message.bytes(), Some(&b"a\xffb"[..]));
    let long = "long ".repeat(1_000);
    for text in ["", "x", &long] {
        assert_eq!(Message::from(text).into_string().unwrap(), text);
    }
}

#[test]
fn a_part_is_put_before_the_first() {
    for size in [3, 100, 5_000] {
        let body = vec![7; size];
        for front in [0, 2, 90, 300] {
            let front = vec![1; front];
            let expected = Message::from_parts([&front[..], &body, b"", b"end"]);
            let rest = Message::from_parts([&body[..], b"", b"end"]);
            let mut message = rest.clone();
            message.push_front(&front);
            assert_eq!(message, expected);
            // Into the room that a removed part left, which a clone shares.
            assert_eq!(message.pop_front(), Some(front.clone()));
            assert_eq!(message, rest);
            message.share();
            let copy = message.clone();
            message.push_front(&front);
            assert_eq!(message, expected);
            assert_eq!(copy, rest);
        }
    }
    let mut message = Message::new();
    message.push_front("only");
    assert_eq!(message.text(), Ok("only"));
}

#[test]
fn a_message_is_split_at_any_part() {
    for sizes in [[1, 2, 3], [0, 5_000, 0], [5_000, 1, 1], [1, 1, 5_000]] {
        let parts: Vec<_> = sizes.iter().map(|&n| vec![n as u8; n]).collect();
        for at in 0..5 {
            let mut head = Message::from_parts(&parts);
            let tail = head.split_off(at);
            let at = at.min(3);
            assert_eq!(head, Message::from_parts(&parts[..at]));
            assert_eq!(tail, Message::from_parts(&parts[at..]));
            let mut message = Message::from_parts(&parts);
            message.truncate(at);
            assert_eq!(message, head);
        }
    }
}

#[test]
fn parts_are_read_from_both_ends_and_by_range() {
    let message = Message::from(["a", "b", "c"]);
    let mut parts = message.parts();
    assert_eq!((parts.next_back(), parts.len()), (Some(&b"c"[..]), 2));
    assert_eq!(
        (parts.next(), parts.next(), parts.next()),
        (Some(&b"a"[..]), Some(&b"b"[..]), None)
    );
    assert!(message.parts().rev().eq([b"c", b"b", b"a"]));
    for (range, expected) in
        [(0..3, Some("abc")), (1..2, Some("b")), (3..3, Some("")), (2..4, None), (4..4, None)]
    {
        let joined = message.parts_in(range).map(|parts| parts.collect::<Vec<_>>().concat());
        assert_eq!(joined.as_deref(), expected.map(str::as_bytes));
    }
    assert_eq!(message.parts_in(..=usize::MAX).map(|parts| parts.len()), None);
}

#[test]
fn bytes_of_an_owner_are_shared_until_they_change() {
    let owner: &'static [u8] = Box::leak(vec![7; 1_000].into());
    let mut message = Message::from_owner(owner);
    assert_eq!(message.bytes().unwrap().as_ptr(), owner.as_ptr());
    let copy = message.clone();
    message.push("more");
    assert_eq!((message.part(0), message.part(1)), (Some(owner), Some(&b"more"[..])));
    assert_eq!(copy.bytes().unwrap().as_ptr(), owner.as_ptr());
    assert_eq!(copy.into_vec().unwrap(), owner);
}

#[test]
fn many_types_become_messages() {
    use std::borrow::Cow;

    let text = String::from("text");
    let one = Message::from("text");
    assert_eq!(Message::from(&text), one);
    assert_eq!(Message::from(Cow::Borrowed("text")), one);
    assert_eq!(Message::from(Cow::<[u8]>::Owned(b"text".to_vec())), one);
    assert_eq!(Message::from(&b"text".to_vec()), one);
    assert_eq!(Message::from(text.into_bytes().into_boxed_slice()), one);
    assert_eq!(Message::from([&b"a"[..], b"b"]), ["a", "b"].iter().collect());
}

#[test]
fn a_group_is_no_part_of_the_message_and_its_first_part_on_the_way() {
    let long = [b'g'; 255];
    for group in [&b""[..], b"news", &long] {
        for body in [vec![], vec![7; 70], vec![8; 5_000]] {
            let mut message = Message::from(["removed".as_bytes(), &body]);
            message.pop_front();
            message.set_group(b"another group").unwrap();
            message.set_group(group).unwrap();
            assert_eq!((message.group(), message.bytes()), (group, Some(&*body)));
            let mut copy = message.clone();
            copy.show_group();
            assert!(copy.parts().eq([group, &body]));
            copy.take_group();
            assert_eq!((copy.group(), copy.bytes()), (group, Some(&*body)));
            assert_eq!(message.into_vec().unwrap(), body);
        }
    }
    let mut message = Message::new();
    assert!(message.set_group([b'g'; 256]).is_err());
    assert!(message.set_group(b"with\0zero").is_err());
    assert_eq!((message.group(), message.part_count()), (&b""[..], 0));
    message.set_group(b"news").unwrap();
    assert_eq!((message.group(), message.bytes()), (&b"news"[..], Some(&b""[..])));
    message.push_front(b"part");
    assert!(message.parts().eq([&b"part"[..], b""]));
    assert_eq!(message.group(), b"");
}
