//! Every interleaving of an application, its tasks and the driver ends with the driver serving the socket, and every
//! interleaving of threads that wait in calls of one socket ends with all calls done.

#[test]
fn an_idle_socket_is_served_by_the_driver_in_every_interleaving() {
    // For each call of each thread: whether it is long.
    let alone: [&[&[bool]]; 4] = [&[&[false]], &[&[true]], &[&[false, true]], &[&[true, false]]];
    let together: [&[&[bool]]; 2] = [&[&[true], &[false]], &[&[true], &[true]]];
    let (alone, together) = (alone.map(|calls| (calls, 4)), together.map(|calls| (calls, 2)));
    for (threads, preemptions) in alone.into_iter().chain(together) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(preemptions);
        model.check(move || zmtp_loom::hand_over(threads));
    }
}

#[test]
fn a_socket_whose_task_is_not_polled_is_served_by_the_driver_in_every_interleaving() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(zmtp_loom::tasks::lease);
}

#[test]
fn threads_that_wait_for_one_socket_lose_no_wake_up_in_any_interleaving() {
    for (receivers, arriving, preemptions) in [(2, 2, 3), (2, 1, 3), (2, 0, 3), (3, 3, 2)] {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(preemptions);
        model.check(move || zmtp_loom::threads::waiting_threads(receivers, arriving));
    }
}
