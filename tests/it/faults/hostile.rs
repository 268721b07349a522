//! Small requests that ask for much: each is answered, none holds the server up.
