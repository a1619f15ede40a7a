//! Tests of an inbox, without a connection.

use std::io;

use super::*;

const MARK: Mark = Mark { messages: 4, bytes: 100 };

/// Reads these bytes, as many at once.
fn read(inbox: &mut Inbox, bytes: &[u8]) {
    let read = inbox.read(0, |place| {
        place[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    });
    assert_eq!(read.unwrap().0, bytes.len());
}

/// Decodes bytes that are not decoded: `skip` of no message, then a message of `len`.
fn decode(inbox: &mut Inbox, skip: usize, len: usize) {
    let mut chunk = inbox.take_out().expect("bytes");
    chunk.advance(skip + len);
    inbox.record(&mut chunk, len, false);
    inbox.put_back(chunk);
}

fn take(inbox: &mut Inbox) -> Option<Vec<Vec<u8>>> {
    let mut message = Message::new();
    inbox.take(&mut message, None, None)?;
    Some(message.parts().map(<[u8]>::to_vec).collect())
}

#[test]
fn messages_of_the_bytes_and_of_the_queue_are_taken_in_the_order_of_arrival() {
    let mut inbox = Inbox::new();
    inbox.push(Message::from("first").into());
    read(&mut inbox, b"..second.third");
    decode(&mut inbox, 2, 6);
    inbox.push(Message::from(["between", "parts"]).into());
    decode(&mut inbox, 1, 5);
    inbox.push(Message::from("last").into());
    assert_eq!(inbox.len(), 5);
    let mut taken = Vec::new();
    while let Some(parts) = take(&mut inbox) {
        taken.push(parts.concat());
    }
    let expected = ["first", "second", "betweenparts", "third", "last"].map(|text| text.as_bytes());
    assert_eq!(taken, expected);
    assert!(inbox.is_empty() && inbox.undecoded_len() == 0);
    assert_eq!((inbox.memory().queued, inbox.memory().undecoded), (0, 0));
}

#[test]
fn bytes_that_are_not_decoded_stay_when_the_messages_before_them_are_taken() {
    let mut inbox = Inbox::new();
    // Larger than a chunk for few bytes.
    let large = vec![7; 3 * SMALL];
    read(&mut inbox, &large);
    decode(&mut inbox, 0, 2 * SMALL);
    assert_eq!(inbox.undecoded_len(), SMALL);
    read(&mut inbox, b"more");
    assert_eq!(inbox.undecoded_len(), SMALL + 4);
    assert_eq!(take(&mut inbox), Some(vec![vec![7; 2 * SMALL]]));
    assert_eq!(inbox.undecoded_len(), SMALL + 4);
    decode(&mut inbox, SMALL, 4);
    assert_eq!(take(&mut inbox), Some(vec![b"more".to_vec()]));
}

#[test]
fn each_large_read_has_a_chunk_of_its_own_and_the_rest_of_the_last_comes_first() {
    let mut inbox = Inbox::new();
    for n in 0..5_u8 {
        read(&mut inbox, &vec![n; 60_000]);
        // The last 10 bytes are not decoded before the next read.
        let rest = if n == 0 { 0 } else { 10 };
        decode(&mut inbox, 60_000 - 10 + rest - 6_000, 6_000);
        assert_eq!(inbox.undecoded_len(), 10);
    }
    let held = inbox.memory();
    assert!(held.queued >= 5 * 60_000 && held.undecoded == 10);
    for n in 0..5 {
        assert_eq!(take(&mut inbox), Some(vec![vec![n; 6_000]]));
    }
    // Few bytes move to a small chunk.
    assert_eq!(inbox.undecoded_len(), 10);
    assert!(inbox.memory().undecoded < 2 * SMALL && inbox.memory().queued == 0);
}

#[test]
fn the_mark_counts_messages_and_bytes_wherever_they_lie() {
    let mut inbox = Inbox::new();
    assert_eq!(inbox.room(&MARK), (4, 100));
    read(&mut inbox, &[1; 99]);
    decode(&mut inbox, 0, 60);
    inbox.push(Message::from(vec![2; 30]).into());
    assert_eq!(inbox.room(&MARK), (2, 10));
    assert!(!inbox.is_full(&MARK));
    decode(&mut inbox, 0, 10);
    assert!(inbox.is_full(&MARK), "100 bytes");
    take(&mut inbox);
    assert!(!inbox.is_full(&MARK));
    (0..2).for_each(|_| decode(&mut inbox, 0, 1));
    assert!(inbox.is_full(&MARK), "4 messages");
}

#[test]
fn messages_outlive_the_bytes_of_their_connection() {
    let mut inbox = Inbox::new();
    read(&mut inbox, b"one.two.half");
    decode(&mut inbox, 0, 3);
    inbox.push(Message::from("queued").into());
    decode(&mut inbox, 1, 3);
    inbox.detach(Some(b"id"), None);
    assert_eq!((inbox.len(), inbox.undecoded_len()), (3, 0));
    let part = |text: &str| text.as_bytes().to_vec();
    assert_eq!(take(&mut inbox), Some(vec![part("id"), part("one")]));
    assert_eq!(take(&mut inbox), Some(vec![part("queued")]));
    assert_eq!(take(&mut inbox), Some(vec![part("id"), part("two")]));
    assert_eq!(take(&mut inbox), None);
}

#[test]
fn a_large_frame_is_collected_in_one_buffer() {
    let mut inbox = Inbox::new();
    read(&mut inbox, b"taken.begin");
    decode(&mut inbox, 0, 6);
    for n in [5, 100_000] {
        let read = inbox.read_on(n, n + 50, |place| {
            place.fill(9);
            Ok(place.len())
        });
        assert_eq!(read.unwrap(), n);
    }
    let failed = inbox.read_on(50, 50, |_| Err(io::ErrorKind::WouldBlock.into()));
    assert!(failed.is_err());
    assert_eq!(inbox.undecoded_len(), 5 + 5 + 100_000);
    let mut chunk = inbox.take_out().unwrap();
    assert!(chunk.undecoded().starts_with(b"begin\x09"));
    inbox.put_back(chunk);
    assert_eq!(take(&mut inbox), Some(vec![b"taken.".to_vec()]));
}

#[test]
fn bytes_behind_a_body_that_is_read_elsewhere_are_not_decoded() {
    let mut inbox = Inbox::new();
    let mut body = [0; 5];
    let mut read = |body: &mut [u8], bytes: &[u8]| {
        let read = inbox.read_few(body, |slices| {
            let (mut n, mut rest) = (0, bytes);
            for slice in slices {
                let (now, later) = rest.split_at(rest.len().min(slice.len()));
                slice[..now.len()].copy_from_slice(now);
                n += now.len();
                rest = later;
            }
            Ok(n)
        });
        (read.unwrap(), inbox.undecoded_len())
    };
    assert_eq!(read(&mut body, b"123"), ((3, 5 + SMALL), 0));
    assert_eq!(read(&mut body[3..], b"45"), ((2, 2 + SMALL), 0));
    assert_eq!(&body, b"12345");
    assert_eq!(read(&mut body, b"12345more"), ((9, 5 + SMALL), 4));
    decode(&mut inbox, 0, 4);
    assert_eq!(take(&mut inbox), Some(vec![b"more".to_vec()]));
    let none = inbox.read_few(&mut [], |slices| {
        assert_eq!(slices.len(), 1);
        Err(io::ErrorKind::WouldBlock.into())
    });
    assert_eq!(none.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(inbox.undecoded_len(), 0);
}
