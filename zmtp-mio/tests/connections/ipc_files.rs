//! The files of ipc endpoints.
#![cfg(unix)]

use std::os::unix::net::{UnixListener, UnixStream};
use std::{fs, process};

use super::endpoints::{assert_echo_in_turn, assert_in_use, path_of};
use crate::harness::{Echo, assert_echo, ipc, req};
use zmtp_mio::{Error, Rep, Req};

#[test]
fn a_stale_ipc_file_is_replaced() {
    let endpoint = ipc();
    drop(UnixListener::bind(path_of(&endpoint)).unwrap());
    assert!(path_of(&endpoint).exists(), "the standard library leaves it");
    let echo = Echo::on(&endpoint);
    assert_echo(&mut req(&endpoint), b"replaced");
    drop(echo);
    assert!(!path_of(&endpoint).exists());
}

#[test]
fn a_file_that_is_no_socket_is_neither_removed_nor_replaced() {
    let endpoint = ipc();
    let path = path_of(&endpoint);
    fs::write(&path, "precious").unwrap();
    assert_in_use(crate::harness::builder::<Rep>().bind(&endpoint), &endpoint);
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    fs::remove_file(path).unwrap();
}

#[test]
fn unbinding_and_dropping_remove_the_ipc_file() {
    let (first, second) = (ipc(), ipc());
    let mut rep = crate::harness::builder::<Rep>().build().unwrap();
    rep.bind(&first).unwrap();
    rep.bind(&second).unwrap();
    rep.unbind(&first).unwrap();
    assert!(!path_of(&first).exists() && path_of(&second).exists());
    rep.bind(&first).unwrap();
    drop(rep);
    assert!(!path_of(&first).exists() && !path_of(&second).exists());
}

#[test]
fn an_ipc_file_of_another_process_is_left_alone() {
    for unbind in [true, false] {
        let endpoint = ipc();
        let path = path_of(&endpoint);
        let mut rep = crate::harness::builder::<Rep>().bind(&endpoint).unwrap();
        fs::remove_file(&path).unwrap();
        let other = UnixListener::bind(&path).unwrap();
        if unbind {
            rep.unbind(&endpoint).unwrap();
        }
        drop(rep);
        UnixStream::connect(&path).expect("the other listener is still reached");
        drop(other);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn an_abstract_ipc_name_leaves_no_file() {
    let endpoint = format!("ipc://@zmtp-abstract-{}", process::id());
    let echo = Echo::on(&endpoint);
    assert_eq!(echo.endpoint, endpoint);
    assert_echo(&mut req(&endpoint), b"abstract");
    assert!(!path_of(&endpoint).exists());
}

#[test]
fn sockets_bind_and_connect_to_the_longest_ipc_path() {
    let short = ipc();
    let endpoint = format!("{short}{}", "x".repeat(107 - (short.len() - "ipc://".len())));
    let _echo = Echo::on(&endpoint);
    assert_echo(&mut req(&endpoint), b"long");
    let longer = format!("{endpoint}x");
    assert!(matches!(req(&endpoint).bind(&longer), Err(Error::Endpoint(_))));
}

#[test]
fn binding_to_the_ipc_wildcard_creates_a_private_directory_and_removes_it() {
    use std::os::unix::fs::PermissionsExt;

    let mut rep = crate::harness::builder::<Rep>().build().unwrap();
    let bound = [rep.bind("ipc://*").unwrap(), rep.bind("ipc://*").unwrap()].map(|endpoint| {
        assert_eq!(rep.endpoints().filter(|one| *one == endpoint).count(), 1);
        endpoint.to_string()
    });
    assert_ne!(bound[0], bound[1]);
    assert_echo_in_turn(&mut rep, &bound);
    let directories = bound.each_ref().map(|text| path_of(text).parent().unwrap().to_path_buf());
    for directory in &directories {
        assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o700);
    }
    rep.unbind(&bound[0]).unwrap();
    assert!(!directories[0].exists() && directories[1].exists());
    drop(rep);
    assert!(!directories[1].exists());
    let error = crate::harness::builder::<Req>().connect("ipc://*").unwrap_err().to_string();
    assert!(error.contains("a path to connect to"), "{error}");
}
