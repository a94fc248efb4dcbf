import Glibc
import ZooCommand

exit(ZooCommand.main(Array(CommandLine.arguments.dropFirst())))
