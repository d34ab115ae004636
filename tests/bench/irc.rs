//! The least configuration with which the IRC servers of Debian let any number of fast clients in from one address.
//!
//! What may wait for a slow client is as much as in our stream, where it can be said.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

/// Writes a configuration into `folder`; returns ngircd's arguments.
pub(crate) fn ngircd(folder: &Path, address: SocketAddr) -> io::Result<Vec<String>> {
    let file = folder.join("ngircd.conf");
    let text = format!(
        "[Global]\nName = bench.local\nInfo = bench\nListen = {}\nPorts = {}\nServerUID = root\nServerGID = root\n\
         [Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxPenaltyTime = 0\nMaxNickLength = 30\n\
         [Options]\nIdent = no\nPAM = no\nDNS = no\n",
        address.ip(),
        address.port()
    );
    fs::write(&file, text)?;
    Ok(vec!["--nodaemon".into(), "--config".into(), file.display().to_string()])
}

/// Writes a configuration into `folder`; returns inspircd's arguments.
pub(crate) fn inspircd(folder: &Path, address: SocketAddr) -> io::Result<Vec<String>> {
    let file = folder.join("inspircd.conf");
    let text = format!(
        "<server name=\"bench.local\" description=\"bench\" network=\"bench\">\n\
         <bind address=\"{}\" port=\"{}\" type=\"clients\">\n\
         <path datadir=\"{folder}\" logdir=\"{folder}\" runtimedir=\"{folder}\">\n<pid file=\"{folder}/pid\">\n\
         <connect allow=\"*\" localmax=\"20000\" globalmax=\"20000\" maxchans=\"1\" fakelag=\"no\" threshold=\"4000000\" \
         commandrate=\"4000000000\" recvq=\"1048576\" softsendq=\"4194304\" hardsendq=\"4194304\" resolvehostnames=\"no\" \
         useident=\"no\" timeout=\"60\" pingfreq=\"120\">\n\
         <performance softlimit=\"20000\" somaxconn=\"4096\">\n",
        address.ip(),
        address.port(),
        folder = folder.display()
    );
    fs::write(&file, text)?;
    let config = format!("--config={}", file.display());
    Ok(vec!["--runasroot".into(), "--nofork".into(), "--nolog".into(), config])
}
