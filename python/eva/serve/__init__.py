"""The daemon: who may speak to it (`auth`), what runs next (`scheduler`), the wire (`server`), the process
(`daemon`), and the same in the background (`detach`)."""
