//! `accordant ping`, as the health check of a container runs it.

use super::check::{folder, run_with};
use crate::support::process::Process;

#[test]
fn it_asks_the_server_of_its_settings_whether_it_is_ready() {
    let files = folder(&[]);
    let ping = |arguments: &str, variables: &[(&str, &str)]| run_with(files.path(), arguments, "", variables);
    let server = Process::start(files.path(), &[]);
    let listen = server.address.clone();
    let port = listen.rsplit_once(':').unwrap().1;
    for address in [listen.as_str(), &format!("0.0.0.0:{port}")] {
        let run = ping("ping", &[("ACCORDANT_LISTEN", address)]);
        assert_eq!((run.code, run.out.as_str()), (0, ""), "{address}: {}", run.err);
    }
    assert_eq!(ping(&format!("ping http://{listen}"), &[]).code, 0);
    assert_eq!(ping("ping", &[("ACCORDANT_LISTEN", "127.0.0.1:1"), ("ACCORDANT_ADMIN_LISTEN", listen.as_str())]).code, 0);
    drop(server);
    let run = ping("ping http://127.0.0.1:9", &[]);
    assert!(run.code == 1 && run.err.contains("can't connect"), "{}", run.err);
    let run = ping("ping", &[("ACCORDANT_LISTEN", "https://127.0.0.1:9")]);
    assert!(run.code == 2 && run.err.contains("all listeners speak TLS"), "{}", run.err);
}
