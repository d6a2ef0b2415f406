/* Runs sequences of `zfs` commands, without starting the program anew for each: preloaded into `zfs`, it takes the place
 * of the program's main function, and gives every command a child process in which that function is called.
 *
 * cc -shared -fPIC -O2 -o driver.so driver.c; LD_PRELOAD=driver.so zfs SEQUENCES RESULTS WORKER WORKERS
 *
 * SEQUENCES: a command a line, its arguments separated by the byte 31; an empty line ends a sequence. The first command
 * creates the sequence's root dataset. `|` as an argument pipes one command into another. Of the sequences, those whose
 * number leaves WORKER when divided by WORKERS are run. The result of each is RESULTS/NUMBER: a line of exit
 * codes (of a pipe the last that is not 0), then what `zfs get` prints of the root dataset and all below, and a dot. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 64, SECONDS = 60 };

typedef int main_function(int, char **, char **);
static main_function *zfs_main;
static int nowhere;

/* What every `zfs` does first takes longer than most commands: it is done once, and each child has it as new. */
struct libzfs_handle *libzfs_init(void) {
	static struct libzfs_handle *handle;
	if (handle == NULL)
		handle = ((struct libzfs_handle *(*)(void))dlsym(RTLD_NEXT, "libzfs_init"))();
	return handle;
}

static pid_t start(char **arguments, int in, int out, int unused) {
	pid_t child = fork();
	if (child != 0)
		return child;
	dup2(in, 0);
	dup2(out, 1);
	if (getenv("DRIVER_ERRORS") == NULL)
		dup2(nowhere, 2);
	if (unused >= 0)
		close(unused);
	unsetenv("LD_PRELOAD"); /* for what the command itself starts */
	alarm(SECONDS);
	int count = 0;
	while (arguments[count] != NULL)
		count++;
	exit(zfs_main(count, arguments, environ));
}

static int ended(pid_t child) {
	int status;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(char *line, int out) {
	char *arguments[MOST_ARGUMENTS + 2] = { "zfs" }, **second = NULL;
	int count = 1;
	for (char *argument; (argument = strsep(&line, "\037")) != NULL && count < MOST_ARGUMENTS;) {
		if (strcmp(argument, "|") == 0) {
			arguments[count++] = NULL;
			second = &arguments[count];
			argument = "zfs";
		}
		arguments[count++] = argument;
	}
	arguments[count] = NULL;
	if (second == NULL)
		return ended(start(arguments, nowhere, out, -1));
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return 127;
	pid_t writer = start(arguments, nowhere, ends[1], ends[0]);
	close(ends[1]);
	pid_t reader = start(second, ends[0], out, -1);
	close(ends[0]);
	int sent = ended(writer), received = ended(reader);
	return received != 0 ? received : sent;
}

/* A file in memory: a child that ends would move a shared place in it. */
static FILE *whole(const char *path) {
	int file = open(path, O_RDONLY);
	off_t size = file < 0 ? -1 : lseek(file, 0, SEEK_END);
	char *text = size > 0 ? malloc(size) : NULL;
	FILE *opened = text != NULL && pread(file, text, size, 0) == size ? fmemopen(text, size, "r") : NULL;
	close(file);
	return opened;
}

static int serve(int argc, char **argv, char **environment) {
	(void)argc, (void)environment;
	FILE *sequences = whole(argv[1]), *result = NULL;
	int worker = atoi(argv[3]), workers = atoi(argv[4]), number = 0;
	char *line = NULL, root[256] = "", path[4096];
	size_t room = 0;
	int received = 0;
	nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (sequences == NULL || nowhere < 0 || libzfs_init() == NULL)
		return 1;
	while (getline(&line, &room, sequences) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line != '\0' && number % workers == worker) {
			if (result == NULL) {
				snprintf(root, sizeof root, "%s", strrchr(line, '\037') + 1);
				snprintf(path, sizeof path, "%s/%d", argv[2], number);
				result = fopen(path, "we");
				if (result == NULL)
					return 1;
			}
			int receives = strstr(line, "\037|\037receive\037") != NULL;
			int status = run(line, nowhere);
			received |= receives && status == 0;
			fprintf(result, "%d ", status);
			fflush(result);
		} else if (*line == '\0') {
			if (result != NULL) {
				fputs("\n", result);
				fflush(result);
				char get[512];
				/* Asked for values that were never received, `zfs get` is four times as slow. */
				snprintf(get, sizeof get, "get\037-Hpr\037-t\037filesystem,volume,snapshot\037-o\037"
				    "name,property,value,%ssource\037all\037%s", received ? "received," : "", root);
				if (run(get, fileno(result)) == 0)
					fputs(".\n", result);
				received = 0;
				fclose(result);
				result = NULL;
			}
			number++;
		}
	}
	return 0;
}

typedef int start_function(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

int __libc_start_main(main_function *program, int argc, char **argv, void (*init)(void), void (*fini)(void),
    void (*rtld_fini)(void), void *stack_end) {
	start_function *real = (start_function *)dlsym(RTLD_NEXT, "__libc_start_main");
	zfs_main = program;
	return real(serve, argc, argv, init, fini, rtld_fini, stack_end);
}
