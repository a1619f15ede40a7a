//! Every interleaving of an application and the driver ends with the driver in charge.

#[test]
fn a_socket_that_is_left_alone_is_served_whatever_happened_before() {
    for calls in [1, 2] {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(4);
        model.check(move || zmtp_loom::hand_over(calls));
    }
}
