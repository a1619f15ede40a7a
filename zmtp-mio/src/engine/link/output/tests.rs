use super::*;
use crate::message::Message;

/// An output with its run and spares.
#[derive(Default)]
struct Fixture {
    output: Output,
    run: Run,
    spares: Spares,
}

impl Fixture {
    fn append(&mut self, message: impl Into<Message>) {
        let message = &mut message.into();
        self.output.append(&mut Outgoing::new(message), &self.run, &mut self.spares);
    }

    fn share(&mut self, body: &str) {
        let message = &mut body.into();
        let range = self.run.append(&Outgoing::new(message));
        self.output.append_shared(range, &self.run, &mut self.spares);
    }

    fn gathered(&self, limit: usize) -> Vec<u8> {
        let mut slices = Slices::new();
        let n = self.output.gather(&self.run, limit, &mut slices);
        let bytes: Vec<u8> = slices.get().iter().flat_map(|slice| slice.to_vec()).collect();
        assert_eq!(bytes.len(), n);
        bytes
    }

    fn advance(&mut self, n: usize) -> (u64, u64) {
        let done = self.output.advance(n, &self.run, &mut self.spares);
        (done.messages, done.bytes)
    }

    fn take_back(&mut self) -> Vec<Message> {
        self.take_back_after(false)
    }

    fn take_back_after(&mut self, sealed_part: bool) -> Vec<Message> {
        let queued = self.output.take_back(sealed_part, &self.run, &mut self.spares);
        queued.into_iter().map(|queued| queued.message).collect()
    }
}

#[test]
fn messages_are_written_in_order_and_counted_with_their_last_byte() {
    let mut fixture = Fixture::default();
    fixture.append("one");
    fixture.append(["a", "bc"]);
    fixture.share("shared");
    fixture.share("too");
    fixture.append("own");
    assert_eq!((fixture.output.message_count(), fixture.output.len()), (5, 30));
    assert_eq!(fixture.output.body_len(&fixture.run), 18);
    assert_eq!(
        fixture.gathered(usize::MAX),
        b"\0\x03one\x01\x01a\0\x02bc\0\x06shared\0\x03too\0\x03own"
    );
    assert_eq!(fixture.gathered(6), b"\0\x03one\x01");
    assert_eq!(fixture.advance(4), (0, 0));
    assert!(fixture.output.is_mid_message());
    assert_eq!(fixture.advance(1), (1, 3));
    assert!(!fixture.output.is_mid_message());
    assert_eq!(fixture.advance(25), (4, 15));
    assert!(fixture.output.is_empty());
    assert_eq!(fixture.spares.len(), 1);
}

#[test]
fn a_range_of_the_run_is_written_from_the_run() {
    let mut fixture = Fixture::default();
    fixture.share("first");
    fixture.share("second");
    assert_eq!((fixture.output.weight(), fixture.output.message_count()), (0, 2));
    assert_eq!(fixture.advance(3), (0, 0));
    assert!(fixture.output.is_mid_message());
    fixture.output.copy_shared(&fixture.run, &mut fixture.spares);
    fixture.run.clear();
    assert!(fixture.output.is_mid_message());
    assert_eq!(fixture.gathered(usize::MAX), b"irst\0\x06second");
    assert_eq!(fixture.take_back(), [Message::from("second")]);
    assert!(fixture.output.is_empty());
}

#[test]
fn large_bodies_are_not_copied_and_can_be_taken_back() {
    let mut fixture = Fixture::default();
    fixture.append("small");
    fixture.append(vec![7; 20_000]);
    fixture.append([&[1; 10_000][..], b"between", &[2; 10_000]]);
    assert_eq!(fixture.gathered(1).len(), 1);
    assert_eq!(fixture.gathered(usize::MAX).len(), fixture.output.len());
    // The first message, and the header of the second.
    assert_eq!(fixture.advance(7 + 9), (1, 5));
    let messages = fixture.take_back();
    assert_eq!(messages, [Message::from([&[1; 10_000][..], b"between", &[2; 10_000]])]);
    fixture.append("small");
    fixture.append(messages.into_iter().next().unwrap());
    assert_eq!(fixture.advance(7), (1, 5));
    assert_eq!(fixture.take_back().len(), 1);
}

#[test]
fn sealed_messages_stay_until_they_are_written() {
    let mut fixture = Fixture::default();
    fixture.share("shared");
    fixture.share("too");
    let bodies = |fixture: &Fixture| -> Vec<Vec<u8>> {
        fixture.output.frames(&fixture.run).map(|(_, body)| body.to_vec()).collect()
    };
    assert_eq!(bodies(&fixture), [&b"shared"[..], b"too"]);
    // The run ends while its messages are sealed and not written.
    fixture.append("own");
    fixture.run.clear();
    fixture.append([&[1; 10_000][..], b"last"]);
    let frames = [&b"shared"[..], b"too", b"own", &[1; 10_000], b"last"];
    assert_eq!(bodies(&fixture), frames);
    let done = fixture.output.advance_sealed(2, &fixture.run, &mut fixture.spares);
    assert_eq!((done.messages, done.bytes), (2, 9));
    assert_eq!(bodies(&fixture), frames[2..]);
    assert_eq!(
        fixture.take_back_after(true),
        [Message::from([&[1; 10_000][..], b"last"])],
        "the first message is partly written"
    );
    assert!(fixture.output.is_empty());

    fixture.share("shared");
    fixture.share("too");
    let done = fixture.output.advance_sealed(1, &fixture.run, &mut fixture.spares);
    assert_eq!((done.messages, done.bytes), (1, 6));
    assert_eq!(fixture.take_back_after(false), [Message::from("too")]);
}

#[test]
fn a_large_body_that_is_taken_back_is_the_same_memory() {
    let large = vec![7; 20_000];
    let at = large.as_ptr();
    let mut fixture = Fixture::default();
    fixture.append(large);
    let messages = fixture.take_back();
    assert_eq!(messages[0].bytes().map(<[u8]>::as_ptr), Some(at));
}
