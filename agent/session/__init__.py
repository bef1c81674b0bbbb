"""Our API sessions: the watching one and the data self-test's over ib_async, and the settings session."""

from agent.platforms.late_modules import OF_EVENTKIT, OF_IB_ASYNC, keep_face_out, keep_out

# Here, because every module that imports ib_async lies in this room. eventkit imports numpy, half of a packaged program
# and 12 MiB of a running one; a packaged program holds none, so there the question for it ends in ModuleNotFoundError.
# The face of ib_async imports the parts that Gatelight does not use: reports from the web, a controller, the client of
# a whole account. eventkit reads the metadata of all packages for the number of its version.
keep_out("numpy", "importlib.metadata", *OF_EVENTKIT, *OF_IB_ASYNC)
keep_face_out("eventkit", Event="event")
keep_face_out("ib_async")
