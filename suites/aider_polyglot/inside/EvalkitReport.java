import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Reports each test by class and method as it ends. */
public class EvalkitReport implements TestExecutionListener {
    private OutputStream report;

    @Override
    public void testPlanExecutionStarted(TestPlan plan) {
        try {
            report = new FileOutputStream(System.getenv("REPORT"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        say(test, result.getStatus() == TestExecutionResult.Status.SUCCESSFUL ? "passed" : "failed");
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        say(test, "skipped");
    }

    private void say(TestIdentifier test, String status) {
        if (!test.isTest()) {
            return;
        }
        String name = test.getSource()
                .filter(source -> source instanceof MethodSource)
                .map(source -> ((MethodSource) source).getClassName() + "." + ((MethodSource) source).getMethodName())
                .orElse("");
        String line = "{\"name\": \"" + name + "\", \"status\": \"" + status + "\"}\n";
        try {
            report.write(line.getBytes(StandardCharsets.UTF_8));
            report.flush();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
