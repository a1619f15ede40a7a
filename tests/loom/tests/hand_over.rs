//! Every interleaving of an application and the driver ends with the driver serving the socket.

#[test]
fn an_idle_socket_is_served_by_the_driver_in_every_interleaving() {
    for calls in [1, 2] {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(4);
        model.check(move || zmtp_loom::hand_over(calls));
    }
}
