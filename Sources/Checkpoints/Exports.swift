// What reads checkpoints looks at folders and files, too: one import gives both.
@_exported public import Files
