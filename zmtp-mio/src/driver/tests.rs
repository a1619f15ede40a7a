use super::*;

struct Socket(Gate);

impl Member for Socket {
    fn gate(&self) -> &Gate {
        &self.0
    }

    fn try_drive(&self, _with: &mut dyn FnMut(&mut dyn Drive)) -> bool {
        false
    }

    fn try_flush(&self) -> bool {
        false
    }
}

#[test]
fn a_driver_that_has_ended_keeps_no_socket() {
    let driver = Driver::start().unwrap();
    let sockets: Vec<_> = (0..3).map(|_| Arc::new(Socket(Gate::new()))).collect();
    let member = |index: usize| Arc::clone(&sockets[index]) as Arc<dyn Member>;
    driver.shared.join(member(0), AWAY);
    driver.shared.flush_soon(&member(1));
    // News that arrives when the thread does not look at it any more.
    driver.shared.stop.store(true, Ordering::Release);
    let news = News::Left(member(2));
    driver.shared.news.lock().unwrap().push(news);
    driver.end();
    driver.shared.part(member(0));
    for (index, socket) in sockets.iter().enumerate() {
        assert_eq!(Arc::strong_count(socket), 1, "{index}");
    }
}
